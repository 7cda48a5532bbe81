// Prints what the client weighs. Fails where it weighs more than it may.
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { bundle, bundleHooks, HOOKS, SINGLE_FILES } from './single-file.mjs';

const dist = fileURLToPath(new URL('../packages/client/dist/', import.meta.url));

/** What an application's own bundler makes of modules of the client, with all their names. Limits are in bytes after gzip. */
const BUNDLES = [
  { name: 'bundler', modules: ['index.js'], limit: 15_000 },
  { name: 'bundler, IndexedDB', modules: ['index.js', 'outbox/indexed-db.js'], limit: 23_400 },
  { name: 'bundler, all outboxes', modules: ['index.js', 'outbox/index.js'], limit: 24_150 },
  { name: 'bundler, view alone', modules: ['view/index.js'], limit: 6_000 },
];

async function bundleByApplication({ modules }) {
  const { outputFiles } = await build({
    stdin: { contents: modules.map((file) => `export * from './${file}';`).join('\n'), resolveDir: dist },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
  });
  return outputFiles[0].contents;
}

let isTooLarge = false;
console.log('bundle                  minified      gzip     limit');
for (const single of SINGLE_FILES) print(single, await bundle(single, false));
for (const each of BUNDLES) print(each, await bundleByApplication(each));
print(HOOKS, await bundleHooks());
process.exitCode = isTooLarge ? 1 : 0;

function print({ name, limit }, contents) {
  const gzip = gzipSync(contents, { level: 9 }).length;
  const verdict = gzip > limit ? '  TOO LARGE' : '';
  isTooLarge ||= gzip > limit;
  const numbers = [contents.length, gzip, limit].map((each) => String(each).padStart(10)).join('');
  console.log(`${name.padEnd(22)}${numbers}${verdict}`);
}
