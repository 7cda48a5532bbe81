import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';

/** A file as far as this module reads it: its path from the root of the project, and its text. */
interface SourceText {
  readonly path: string;
  readonly text: string;
}

/** The names that files declare and export and that no other of the files imports, as `path: name`. */
export function unusedExports(files: readonly SourceText[]): string[] {
  const parsed = files.map(({ path, text }) => ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  const paths = new Set(files.map(({ path }) => path));
  const used = new Set(parsed.flatMap((file) => usesIn(file, paths)));
  return parsed.flatMap((file) =>
    exportsOf(file)
      .filter((name) => !used.has(`${file.fileName}: ${name}`) && !used.has(`${file.fileName}: *`))
      .map((name) => `${file.fileName}: ${name}`),
  );
}

/** The names that a file declares with `export`. */
function exportsOf(file: ts.SourceFile): string[] {
  const names = file.statements.flatMap((statement) => {
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
    if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({ name }) => name.getText(file));
    }
    return 'name' in statement ? [(statement.name as ts.Identifier).text] : [];
  });
  return [...new Set(names)];
}

/** What a file imports or exports of others, as `path: name`; `*` for all names of a file. */
function usesIn(file: ts.SourceFile, paths: ReadonlySet<string>): string[] {
  const uses: string[] = [];
  const use = (specifier: ts.Node | undefined, names: readonly string[]): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const target = targetOf(file.fileName, specifier.text, paths);
    uses.push(...names.map((name) => `${target}: ${name}`));
  };
  const namesOf = (elements: readonly (ts.ImportSpecifier | ts.ExportSpecifier)[]) =>
    elements.map(({ name, propertyName }) => (propertyName ?? name).text);
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const bindings = node.importClause?.namedBindings;
      if (bindings !== undefined)
        use(node.moduleSpecifier, ts.isNamedImports(bindings) ? namesOf(bindings.elements) : ['*']);
    } else if (ts.isExportDeclaration(node)) {
      const clause = node.exportClause;
      use(node.moduleSpecifier, clause && ts.isNamedExports(clause) ? namesOf(clause.elements) : ['*']);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      use(node.argument.literal, [node.qualifier?.getText(file).split('.')[0] ?? '*']);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      use(node.arguments[0], ['*']);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return uses;
}

/** The source that a relative specifier means, also where it names what is built of it. */
function targetOf(from: string, specifier: string, paths: ReadonlySet<string>): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const written = normalize(join(dirname(from), specifier)).replace('/dist/', '/src/');
  return [written.replace(/\.js$/, '.ts'), written.replace(/\.js$/, '.tsx')].find((path) => paths.has(path));
}
