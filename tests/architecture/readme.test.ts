import { existsSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { packageNames, ROOT, readText } from './sources.js';

const README = 'README.md';
const TRANSLATION = 'README.zh-CN.md';

/** The blocks of a document in one language; `''` for what a person types and sees. */
function blocksIn(path: string, language: string): string[] {
  return [...readText(path).matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? '');
}

const withoutComments = (program: string) => program.replace(/ *\/\/.*$/gm, '');
const withoutRemarks = (commands: string) => commands.replace(/ *# .*$/gm, '');

/** The files that a document leads to, each once; of a page that is translated, the original. */
function pagesBehind(path: string): string[] {
  const links = [...readText(path).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
  const pages = links
    .map((link) => link.replace('.zh-CN.md', '.md').replace(/#.*$/, ''))
    .filter((link) => link !== README);
  return [...new Set(pages)].sort();
}

/** What the compiler says against programs, with our packages' sources in place of their builds. */
function problemsOf(...programs: readonly string[]): string[] {
  const files = new Map(
    programs.map((program, index) => [join(ROOT, `readme-example-${index}.ts`), program]),
  );
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
    experimentalDecorators: true,
    types: ['node'],
    paths: {
      '@imcore/client/mini-program': [join(ROOT, 'packages/client/src/mini-program/index.ts')],
      '@imcore/client/outbox': [join(ROOT, 'packages/client/src/outbox/index.ts')],
      '@imcore/client/node': [join(ROOT, 'packages/client/src/node/index.ts')],
      '@imcore/testkit/contracts': [join(ROOT, 'packages/testkit/src/contracts/index.ts')],
      '@imcore/testkit/conformance': [join(ROOT, 'packages/testkit/src/conformance/index.ts')],
      '@imcore/server/ports': [join(ROOT, 'packages/server/src/ports/index.ts')],
      '@imcore/web': [join(ROOT, 'apps/web/src/index.ts')],
      '@imcore/*': [join(ROOT, 'packages/*/src/index.ts')],
    },
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path) ?? readFile(path);
  host.getSourceFile = (path, language) => {
    const program = files.get(path);
    return program === undefined
      ? getSourceFile(path, language)
      : ts.createSourceFile(path, program, language);
  };
  const compiled = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()]
    .map((file) => compiled.getSourceFile(file))
    .flatMap((source) => [
      ...compiled.getSyntacticDiagnostics(source),
      ...compiled.getSemanticDiagnostics(source),
    ])
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

describe('the README', { timeout: 60_000 }, () => {
  it('holds programs', () => {
    expect(blocksIn(README, 'ts').length).toBeGreaterThanOrEqual(2);
  });

  it('shows programs that compile', () => {
    expect(problemsOf(...blocksIn(README, 'ts'))).toEqual([]);
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
    expect(blocksIn(TRANSLATION, 'sh').map(withoutRemarks)).toEqual(
      blocksIn(README, 'sh').map(withoutRemarks),
    );
  });

  it('leads to the same pages in its translation', () => {
    expect(pagesBehind(README).length).toBeGreaterThan(15);
    expect(pagesBehind(TRANSLATION)).toEqual(pagesBehind(README));
  });
});

describe('the READMEs of the packages', { timeout: 60_000 }, () => {
  const readmes = [...packageNames().map((name) => `packages/${name}`), 'apps/web']
    .map((folder) => `${folder}/README.md`)
    .filter((path) => existsSync(join(ROOT, path)));

  it('show programs that compile', () => {
    const programs = readmes.flatMap((path) => blocksIn(path, 'ts'));
    expect(programs.length).toBeGreaterThanOrEqual(5);
    expect(problemsOf(...programs)).toEqual([]);
  });
});
