import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { ROOT, readText } from './sources.js';

/** An exported name of a package. */
interface PublicName {
  readonly name: string;
  /** The file that declares it, from the root of the project. */
  readonly path: string;
  readonly hasComment: boolean;
}

/** The names that an index file exports of its own package, with the files that declare them. */
export function publicNamesOf(index: string): PublicName[] {
  return parse(index).statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined) return [];
    const { exportClause, moduleSpecifier } = statement;
    const specifier = (moduleSpecifier as ts.StringLiteral).text;
    if (!specifier.startsWith('.')) return [];
    const path = relative(ROOT, join(ROOT, dirname(index), specifier.replace(/\.js$/, '.ts')));
    if (exportClause === undefined) return publicNamesOf(path);
    if (!ts.isNamedExports(exportClause)) return [];
    const file = parse(path);
    return exportClause.elements.map(({ name, propertyName }) => {
      const declared = (propertyName ?? name).text;
      return { name: declared, path, hasComment: declarationsOf(file, declared).some(isCommented) };
    });
  });
}

/** Whether a file consists of re-exports by name. */
export function isListOfNames(path: string): boolean {
  return parse(path).statements.every(
    (statement) =>
      ts.isExportDeclaration(statement) &&
      statement.exportClause !== undefined &&
      ts.isNamedExports(statement.exportClause),
  );
}

function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readText(path), ts.ScriptTarget.Latest, true);
}

/** All declarations of a name: overloads, or a value and a type. */
function declarationsOf(file: ts.SourceFile, name: string): ts.Statement[] {
  return file.statements.filter((statement) => {
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.some((each) => each.name.getText(file) === name);
    }
    return 'name' in statement && (statement.name as ts.Identifier | undefined)?.text === name;
  });
}

function isCommented(declaration: ts.Statement): boolean {
  return ts.getJSDocCommentsAndTags(declaration).length > 0;
}
