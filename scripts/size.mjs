// Prints what the client weighs. Fails where it weighs more than it may.
import { gzipSync } from 'node:zlib';
import { bundle, SINGLE_FILES } from './single-file.mjs';

let isTooLarge = false;
console.log('bundle                minified      gzip     limit');
for (const single of SINGLE_FILES) {
  const contents = await bundle(single, false);
  const gzip = gzipSync(contents, { level: 9 }).length;
  const verdict = gzip > single.limit ? '  TOO LARGE' : '';
  isTooLarge ||= gzip > single.limit;
  console.log(
    `${single.name.padEnd(20)}${String(contents.length).padStart(10)}${String(gzip).padStart(10)}${String(single.limit).padStart(10)}${verdict}`,
  );
}
process.exitCode = isTooLarge ? 1 : 0;
