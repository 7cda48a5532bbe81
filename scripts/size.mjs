// Prints what the client weighs. Fails where it weighs more than it may.
import { gzipSync } from 'node:zlib';
import { bundle, bundleHooks, HOOKS, SINGLE_FILES } from './single-file.mjs';

let isTooLarge = false;
console.log('bundle                minified      gzip     limit');
for (const single of SINGLE_FILES) print(single, await bundle(single, false));
print(HOOKS, await bundleHooks());
process.exitCode = isTooLarge ? 1 : 0;

function print({ name, limit }, contents) {
  const gzip = gzipSync(contents, { level: 9 }).length;
  const verdict = gzip > limit ? '  TOO LARGE' : '';
  isTooLarge ||= gzip > limit;
  console.log(
    `${name.padEnd(20)}${String(contents.length).padStart(10)}${String(gzip).padStart(10)}${String(limit).padStart(10)}${verdict}`,
  );
}
