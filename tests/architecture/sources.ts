import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A source file, and its import specifiers, including those of types and dynamic imports. */
export interface Source {
  /** From the root of the project. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
  /** The imports of values. */
  readonly valueImports: readonly string[];
}

/** The folders of packages/ with sources. */
export function packageNames(): string[] {
  return readdirSync(join(ROOT, 'packages'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(entry.parentPath, entry.name, 'src')))
    .map((entry) => entry.name)
    .filter((name) => sourcesOf(name).length > 0);
}

/** The sources of a package, without tests. */
export function sourcesOf(packageName: string): Source[] {
  return sourcesIn(`packages/${packageName}/src`);
}

/** The sources in a folder, without tests; none where there is no such folder. */
export function sourcesIn(folder: string): Source[] {
  return sourcesLike(folder, /(?<!\.test)\.tsx?$/);
}

/** The sources and tests in a folder. */
export function sourcesAndTestsIn(folder: string): Source[] {
  return sourcesLike(folder, /\.tsx?$/);
}

function sourcesLike(folder: string, pattern: RegExp): Source[] {
  return filesUnder(join(ROOT, folder), pattern).map((file) => {
    const text = readFileSync(file, 'utf8');
    return {
      path: relative(ROOT, file),
      text,
      imports: ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName),
      valueImports: valueImportsOf(text),
    };
  });
}

/** The English texts in a folder, or of one file: sources, tests, styles and documents, but nothing that is built. */
export function textsIn(path: string): { readonly path: string; readonly text: string }[] {
  const files = statSync(join(ROOT, path)).isFile()
    ? [join(ROOT, path)]
    : filesUnder(join(ROOT, path), /(?<!\.zh-CN)\.(?:[cm]?[jt]sx?|md|vue|html|css|c)$/);
  return files
    .map((file) => ({ path: relative(ROOT, file), text: readFileSync(file, 'utf8') }))
    .filter((file) => !/(?:^|\/)(?:node_modules|dist|miniprogram_dist)\//.test(file.path));
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The folders with the sources and tests of packages, applications and test suites. */
export function sourceFolders(): string[] {
  const parents = ['packages', 'apps', 'tests'].flatMap((parent) =>
    readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}`),
  );
  return ['bench', ...parents].flatMap((parent) => {
    const folders = ['src', 'page', 'test'].map((name) => `${parent}/${name}`);
    const present = folders.filter((folder) => existsSync(join(ROOT, folder)));
    return present.length > 0 ? present : [parent];
  });
}

/** The file that a relative import means, from the root of the project. */
export function targetOf(source: Source, specifier: string): string {
  const written = resolve(ROOT, dirname(source.path), specifier);
  return relative(ROOT, written.replace(/\.js$/, '.ts'));
}

/** `@imcore/server/ports` is `@imcore/server`, `node:fs` is itself. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
}

/** The specifiers of static imports and re-exports that are not of types only. */
function valueImportsOf(text: string): string[] {
  const file = ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, true);
  return file.statements.flatMap((statement) => {
    if (ts.isImportDeclaration(statement)) {
      return statement.importClause?.isTypeOnly ? [] : textOf(statement.moduleSpecifier);
    }
    if (ts.isExportDeclaration(statement))
      return statement.isTypeOnly ? [] : textOf(statement.moduleSpecifier);
    return [];
  });
}

function textOf(specifier: ts.Expression | undefined): string[] {
  return specifier !== undefined && ts.isStringLiteral(specifier) ? [specifier.text] : [];
}

function filesUnder(directory: string, pattern: RegExp): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
