import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`./packages/${path}`, import.meta.url));

/** Tests read the packages' sources, so that no stale build can be tested by mistake. */
const alias = [
  { find: /^@imcore\/server\/ports$/, replacement: source('server/src/ports/index.ts') },
  { find: /^@imcore\/testkit\/contracts$/, replacement: source('testkit/src/contracts/index.ts') },
  { find: /^@imcore\/testkit\/conformance$/, replacement: source('testkit/src/conformance/index.ts') },
  { find: /^@imcore\/cli\/process-memory$/, replacement: source('cli/src/process-memory/index.ts') },
  { find: /^@imcore\/client\/node$/, replacement: source('client/src/node/index.ts') },
  { find: /^@imcore\/client\/outbox$/, replacement: source('client/src/outbox/index.ts') },
  { find: /^@imcore\/client\/mini-program$/, replacement: source('client/src/mini-program/index.ts') },
  {
    find: /^@imcore\/(protocol|server|client|testkit|store-sqlite|store-postgres|bridge-rabbitmq|nestjs)$/,
    replacement: source('$1/src/index.ts'),
  },
  { find: /^@imcore\/web$/, replacement: source('../apps/web/src/index.ts') },
];

/** Nest's decorators stand on parameters, which only the older kind may; no types are written into the code. */
const oxc = { decorator: { legacy: true, emitDecoratorMetadata: false } };

export default defineConfig({
  resolve: { alias },
  oxc,
  test: {
    projects: [
      {
        resolve: { alias },
        oxc,
        test: {
          name: 'unit',
          include: ['{packages,apps}/*/test/**/*.test.ts', 'tests/architecture/**/*.test.ts'],
          // No module of ours holds state, so files need no process of their own: half the time on two cores.
          isolate: false,
          // Tests of real sockets wait for what two busy cores may take long to bring.
          testTimeout: 30_000,
        },
      },
      {
        resolve: { alias },
        test: { name: 'simulation', include: ['tests/simulation/**/*.test.ts'], testTimeout: 600_000 },
      },
      {
        resolve: { alias },
        test: {
          name: 'integration',
          include: ['{tests/integration,tests/packaging,examples}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
