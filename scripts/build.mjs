// What `tsc -b` does not make: the CommonJS builds of the packages that run everywhere, and the single files.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, ROOT, SINGLE_FILES } from './single-file.mjs';

const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');

for (const name of ['protocol', 'client']) {
  const directory = join(ROOT, 'packages', name);
  execFileSync(process.execPath, [tsc, '-p', join(directory, 'tsconfig.cjs.json')], { stdio: 'inherit' });
  // Node and TypeScript take the files for what the nearest package.json says.
  writeFileSync(join(directory, 'dist/cjs/package.json'), '{ "type": "commonjs" }\n');
}

for (const single of SINGLE_FILES) await bundle(single, true);
const miniProgram = join(ROOT, 'packages/client/miniprogram_dist');
writeFileSync(join(miniProgram, 'package.json'), '{ "type": "commonjs" }\n');
writeFileSync(join(miniProgram, 'index.d.ts'), "export * from '../dist/cjs/mini-program/index.js';\n");
writeFileSync(join(miniProgram, 'outbox.d.ts'), "export * from '../dist/cjs/outbox/mini-program.js';\n");
