import { join } from 'node:path';
import ts from 'typescript';
import { ROOT, readText } from './sources.js';

/** The blocks of a document in one language; `''` for what a person types and sees. */
export function blocksIn(path: string, language: string): string[] {
  return [...readText(path).matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? '');
}

/** What the compiler says against programs, with our packages' sources in place of their builds. */
export function problemsOf(...programs: readonly string[]): string[] {
  return compile(programs, 'ts', ['lib.es2023.d.ts']);
}

/** The same for modules with JSX of React, which run in a browser. */
export function problemsOfComponents(...programs: readonly string[]): string[] {
  return compile(programs, 'tsx', ['lib.es2023.d.ts', 'lib.dom.d.ts']);
}

function compile(programs: readonly string[], extension: string, lib: string[]): string[] {
  const files = new Map(
    programs.map((program, index) => [join(ROOT, `documented-program-${index}.${extension}`), program]),
  );
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    lib,
    jsx: ts.JsxEmit.ReactJSX,
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
      '@imcore/client/view': [join(ROOT, 'packages/client/src/view/index.ts')],
      '@imcore/client/node': [join(ROOT, 'packages/client/src/node/index.ts')],
      '@imcore/testkit/contracts': [join(ROOT, 'packages/testkit/src/contracts/index.ts')],
      '@imcore/testkit/conformance': [join(ROOT, 'packages/testkit/src/conformance/index.ts')],
      '@imcore/server/transport-kit': [join(ROOT, 'packages/server/src/transport-kit.ts')],
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
