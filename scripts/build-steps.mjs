import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.mjs';

const PACKAGES = readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}`);
const APPS = readdirSync(join(ROOT, 'apps')).map((name) => `apps/${name}`);
const FOLDERS = [...PACKAGES, ...APPS, 'bench', 'tests/proof', 'tests/attack'];

/** The packages that have a CommonJS build beside their modules. */
const WITH_COMMON_JS = ['packages/protocol', 'packages/client', 'packages/react'];
const COMMON_JS = WITH_COMMON_JS.map((folder) => `${folder}/dist/cjs`);
const BROWSER_FILE = 'packages/client/dist/browser';
const MINI_PROGRAM = 'packages/client/miniprogram_dist';
const PAGE = 'apps/web/dist/page';
const WRITTEN_LATER = new Set([...COMMON_JS, BROWSER_FILE, PAGE]);

/** What `tsc -b` reads: all of the folders but what is built, tests and documents. */
const sources = (folders) => ({
  paths: folders,
  without: (path) => /\/(?:dist|miniprogram_dist|node_modules|test)$|\.md$/.test(path),
});

/** What `tsc -b` writes, without its own records. */
const modules = (folders) => ({
  paths: folders.map((folder) => `${folder}/dist`),
  without: (path) => WRITTEN_LATER.has(path) || path.endsWith('.tsbuildinfo'),
});

/** What every step depends on: the packages that are installed, and these programs. A change builds everything anew. */
export const SETTINGS = {
  paths: [
    'package-lock.json',
    // What npm has installed, which may differ from the lock.
    'node_modules/.package-lock.json',
    'tsconfig.base.json',
    ...FOLDERS.map((folder) => `${folder}/package.json`),
    'scripts',
  ],
  without: (path) => path === 'scripts/dist',
};

/**
 * The steps of the build, in their order. `run` is told whether it may go on from what was built before; only
 * `tsc -b` can.
 */
export const STEPS = [
  {
    name: 'modules and types',
    inputs: {
      ...sources(FOLDERS),
      paths: ['tsconfig.json', ...FOLDERS],
    },
    outputs: modules(FOLDERS),
    run: (isIncremental) => node('typescript/bin/tsc', '-b', ...(isIncremental ? [] : ['--force'])),
  },
  {
    name: 'CommonJS',
    inputs: sources(WITH_COMMON_JS),
    outputs: { paths: COMMON_JS },
    run: () => {
      for (const folder of WITH_COMMON_JS) {
        node('typescript/bin/tsc', '-p', `${folder}/tsconfig.cjs.json`);
        // Node and TypeScript take the files for what the nearest package.json says.
        write(`${folder}/dist/cjs/package.json`, '{ "type": "commonjs" }\n');
      }
    },
  },
  {
    name: 'single files',
    inputs: modules(WITH_COMMON_JS),
    outputs: { paths: [BROWSER_FILE, MINI_PROGRAM] },
    run: async () => {
      const { bundle, SINGLE_FILES } = await import('./single-file.mjs');
      for (const single of SINGLE_FILES) await bundle(single, true);
      write(`${MINI_PROGRAM}/package.json`, '{ "type": "commonjs" }\n');
      write(`${MINI_PROGRAM}/index.d.ts`, "export * from '../dist/cjs/mini-program/index.js';\n");
      write(`${MINI_PROGRAM}/outbox.d.ts`, "export * from '../dist/cjs/outbox/mini-program.js';\n");
    },
  },
  {
    name: 'the chat page',
    inputs: {
      paths: ['apps/web/page', 'apps/web/vite.config.ts', ...modules(WITH_COMMON_JS).paths],
      without: modules(WITH_COMMON_JS).without,
    },
    outputs: { paths: [PAGE] },
    run: () => node('vite/bin/vite.js', 'build', '--config', 'apps/web/vite.config.ts', '--logLevel', 'warn'),
  },
];

/** Runs a program of an installed package. Throws when it fails; what it printed says why. */
function node(program, ...args) {
  execFileSync(process.execPath, [join(ROOT, 'node_modules', program), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  });
}

function write(file, text) {
  writeFileSync(join(ROOT, file), text);
}
