import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`./packages/${path}`, import.meta.url));

/** Tests read the packages' sources, so that no stale build can be tested by mistake. */
const alias = [
  { find: /^@imcore\/server\/ports$/, replacement: source('server/src/ports/index.ts') },
  { find: /^@imcore\/server\/transport-kit$/, replacement: source('server/src/transport-kit.ts') },
  { find: /^@imcore\/testkit\/contracts$/, replacement: source('testkit/src/contracts/index.ts') },
  { find: /^@imcore\/testkit\/conformance$/, replacement: source('testkit/src/conformance/index.ts') },
  { find: /^@imcore\/cli\/process-memory$/, replacement: source('cli/src/process-memory/index.ts') },
  { find: /^@imcore\/client\/node$/, replacement: source('client/src/node/index.ts') },
  { find: /^@imcore\/client\/outbox$/, replacement: source('client/src/outbox/index.ts') },
  { find: /^@imcore\/client\/view$/, replacement: source('client/src/view/index.ts') },
  { find: /^@imcore\/client\/mini-program$/, replacement: source('client/src/mini-program/index.ts') },
  {
    find: /^@imcore\/(protocol|server|client|testkit|store-sqlite|store-postgres|bridge-rabbitmq|cluster-postgres|cluster-nats|workers|nestjs|react)$/,
    replacement: source('$1/src/index.ts'),
  },
  { find: /^@imcore\/web$/, replacement: source('../apps/web/src/index.ts') },
];

/** Nest's decorators stand on parameters, which only the older kind may; no types are written into the code. */
const oxc = { decorator: { legacy: true, emitDecoratorMetadata: false } };

/** What `npm test` leaves to `npm run test:full`: see CONTRIBUTING.md. */
const LEFT_OUT = '**/*.full.test.ts';

export default defineConfig(({ mode }) => {
  const isQuick = mode === 'quick';
  const exclude = [...configDefaults.exclude, ...(isQuick ? [LEFT_OUT] : [])];
  return {
    resolve: { alias },
    oxc,
    test: {
      // Most tests wait for sockets, processes and disks: one worker would leave two cores idle.
      maxWorkers: Math.max(2, availableParallelism() - 1),
      projects: [
        {
          resolve: { alias },
          oxc,
          test: {
            name: 'unit',
            include: ['{packages,apps}/*/test/**/*.test.{ts,tsx}', 'tests/{architecture,walks}/**/*.test.ts'],
            exclude,
            // No module of ours holds state, so files need no process of their own: half the time on two cores.
            isolate: false,
            // Tests of real sockets wait for what two busy cores may take long to bring.
            testTimeout: 30_000,
          },
        },
        {
          resolve: { alias },
          test: {
            name: 'simulation',
            include: ['tests/simulation/**/*.test.ts'],
            exclude,
            env: { IMCORE_QUICK: String(isQuick) },
            testTimeout: 600_000,
          },
        },
        {
          resolve: { alias },
          test: {
            name: 'integration',
            include: ['{tests/integration,tests/packaging,examples}/**/*.test.ts'],
            exclude,
            testTimeout: 120_000,
            hookTimeout: 60_000,
          },
        },
      ],
    },
  };
});
