import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { ROOT, readText } from './sources.js';

const README = 'README.md';
const TRANSLATION = 'README.zh-CN.md';

/** The blocks of a document in one language; `''` for what a person types and sees. */
function blocksIn(path: string, language: string): string[] {
  return [...readText(path).matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? '');
}

const withoutComments = (program: string) => program.replace(/ *\/\/.*$/gm, '');

/** What the compiler says against a program, with our packages' sources in place of their builds. */
function problemsOf(program: string): string[] {
  const file = join(ROOT, 'readme-example.ts');
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
    paths: {
      '@imcore/client/node': [join(ROOT, 'packages/client/src/node/index.ts')],
      '@imcore/server/ports': [join(ROOT, 'packages/server/src/ports/index.ts')],
      '@imcore/*': [join(ROOT, 'packages/*/src/index.ts')],
    },
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => path === file || fileExists(path);
  host.readFile = (path) => (path === file ? program : readFile(path));
  host.getSourceFile = (path, language) =>
    path === file ? ts.createSourceFile(path, program, language) : getSourceFile(path, language);
  const compiled = ts.createProgram([file], options, host);
  const source = compiled.getSourceFile(file);
  return [...compiled.getSyntacticDiagnostics(source), ...compiled.getSemanticDiagnostics(source)].map(
    ({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'),
  );
}

describe('the README', { timeout: 60_000 }, () => {
  it('holds programs', () => {
    expect(blocksIn(README, 'ts').length).toBeGreaterThanOrEqual(2);
  });

  it.each(blocksIn(README, 'ts'))('shows a program that compiles: %#', (program) => {
    expect(problemsOf(program)).toEqual([]);
  });

  it('would not compile with a name that does not exist', () => {
    expect(
      problemsOf("import { createServers } from '@imcore/server';\nawait createServers({});"),
    ).not.toEqual([]);
  });

  it('has the same programs and sessions in its translation', () => {
    expect(blocksIn(TRANSLATION, 'ts').map(withoutComments)).toEqual(
      blocksIn(README, 'ts').map(withoutComments),
    );
    expect(blocksIn(TRANSLATION, '')).toEqual(blocksIn(README, ''));
  });
});
