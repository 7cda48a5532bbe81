import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** What takes the place of `#` in single-file builds. No public name begins so. */
export const PREFIX = '_p_';

/** Where options are checked: a programmer who mistypes one reads the sentence at once. */
const FOR_PROGRAMMERS = /[/\\]options-check\.js$/;

/** An esbuild plugin that makes our modules lean, for builds that must be small. */
export function leanModules() {
  return {
    name: 'lean-modules',
    setup({ onLoad }) {
      onLoad({ filter: /packages[/\\](client|protocol)[/\\]dist[/\\].*\.js$/ }, ({ path }) => ({
        contents: toLean(readFileSync(path, 'utf8'), FOR_PROGRAMMERS.test(path)),
        loader: 'js',
      }));
    },
  };
}

/**
 * The same module in fewer bytes. Private members become ordinary ones with a prefix, class fields assignments: old
 * engines have neither, what compilers put in their place is long, and prefixed names can be shortened afterwards.
 * Unless `withSentences`, errors are left with their codes, which the reference explains.
 */
export function toLean(source, withSentences) {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      allowJs: true,
      target: ts.ScriptTarget.ES2021,
      module: ts.ModuleKind.ESNext,
      useDefineForClassFields: false,
    },
    transformers: { before: withSentences ? [renamePrivateNames] : [dropSentences, renamePrivateNames] },
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

/** A sentence is a text with two words in it. Nothing on the wire and no name of anything has such. */
function dropSentences(context) {
  const visit = (node) =>
    /[a-z,] [a-z\0]/i.test(wordsOf(node))
      ? context.factory.createStringLiteral('')
      : ts.visitEachChild(node, visit, context);
  return (file) => ts.visitNode(file, visit);
}

/** What a text says itself; a NUL stands for what is put into it. */
function wordsOf(node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return '';
  return [node.head, ...node.templateSpans.map(({ literal }) => literal)].map(({ text }) => text).join('\0');
}
