import ts from 'typescript';

/** The uses of global names in a source: not properties, parameters or comments with the same name. */
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

/** Whether an identifier refers to a value or type, and is not the name of a member or a declaration. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  return !('name' in parent && parent.name === node);
}
