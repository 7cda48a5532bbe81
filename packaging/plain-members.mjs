import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** What takes the place of `#` in single-file builds. No public name begins so. */
export const PREFIX = '_p_';

/**
 * An esbuild plugin: private members become ordinary ones with a prefix, class fields assignments. Old engines have
 * neither, and what compilers put in their place is longer than the whole rest of a small class. Prefixed names can be
 * shortened afterwards.
 */
export function plainMembers() {
  return {
    name: 'plain-members',
    setup({ onLoad }) {
      onLoad({ filter: /packages[/\\](client|protocol)[/\\]dist[/\\].*\.js$/ }, ({ path }) => ({
        contents: toPlainMembers(readFileSync(path, 'utf8')),
        loader: 'js',
      }));
    },
  };
}

/** The same module without private names. */
export function toPlainMembers(source) {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      allowJs: true,
      target: ts.ScriptTarget.ES2021,
      module: ts.ModuleKind.ESNext,
      useDefineForClassFields: false,
    },
    transformers: { before: [renamePrivateNames] },
  });
  return outputText;
}

function renamePrivateNames(context) {
  const visit = (node) =>
    ts.isPrivateIdentifier(node)
      ? context.factory.createIdentifier(PREFIX + node.text.slice(1))
      : ts.visitEachChild(node, visit, context);
  return (file) => ts.visitNode(file, visit);
}
