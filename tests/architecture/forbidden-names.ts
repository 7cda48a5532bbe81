import ts from 'typescript';

/** Where a name of the platform is used: not where a property, a parameter or a comment happens to have it. */
export function usesOf(text: string, forbidden: ReadonlySet<string>): string[] {
  const file = ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, true);
  const uses: string[] = [];
  const report = (node: ts.Node, what: string): void => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
    uses.push(`line ${line + 1}: ${what}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
      const name = `${node.expression.text}.${node.name.text}`;
      if (forbidden.has(name)) report(node, name);
    }
    if (ts.isNewExpression(node) && ts.isIdentifier(node.expression)) {
      const name = `new ${node.expression.text}`;
      if (forbidden.has(name)) report(node, name);
    }
    if (ts.isIdentifier(node) && forbidden.has(node.text) && isReference(node)) report(node, node.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return uses;
}

/** Whether an identifier stands for a value or type from elsewhere, rather than naming a member or something new. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  return !('name' in parent && parent.name === node);
}
