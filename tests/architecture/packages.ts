/** The packages of ours that sources import. Others are not allowed. */
interface PackageRule {
  /** Import specifiers. */
  readonly imports: readonly string[];
}

/** The arrows in ARCHITECTURE.md, by folder of packages/. To change an arrow, write an ADR. */
export const PACKAGES: Readonly<Record<string, PackageRule>> = {
  protocol: { imports: [] },
  server: { imports: ['@imcore/protocol'] },
  client: { imports: ['@imcore/protocol'] },
  'store-sqlite': { imports: ['@imcore/server/ports'] },
  'store-postgres': { imports: ['@imcore/server/ports'] },
  testkit: {
    imports: [
      '@imcore/protocol',
      '@imcore/server',
      '@imcore/server/ports',
      '@imcore/server/transport-kit',
      '@imcore/client',
      '@imcore/client/node',
      '@imcore/client/outbox',
    ],
  },
  'bridge-rabbitmq': { imports: ['@imcore/protocol', '@imcore/server/ports'] },
  'cluster-postgres': { imports: ['@imcore/server/ports'] },
  'cluster-nats': { imports: ['@imcore/server/ports'] },
  workers: {
    imports: ['@imcore/protocol', '@imcore/server', '@imcore/server/ports', '@imcore/server/transport-kit'],
  },
  react: { imports: ['@imcore/client/view'] },
  nestjs: { imports: ['@imcore/server', '@imcore/client/node'] },
  cli: {
    imports: [
      '@imcore/protocol',
      '@imcore/server',
      '@imcore/server/transport-kit',
      '@imcore/server/ports',
      '@imcore/client/node',
      '@imcore/store-sqlite',
      '@imcore/store-postgres',
      '@imcore/bridge-rabbitmq',
      '@imcore/cluster-postgres',
      '@imcore/cluster-nats',
      '@imcore/workers',
      '@imcore/web',
    ],
  },
};

/** The same for applications, benchmarks and proofs, by folder. */
export const PROGRAMS: Readonly<Record<string, PackageRule>> = {
  'apps/web': { imports: ['@imcore/client', '@imcore/client/outbox', '@imcore/client/view'] },
  'apps/demo': {
    imports: [
      '@imcore/server',
      '@imcore/client/node',
      '@imcore/cli/process-memory',
      '@imcore/nestjs',
      '@imcore/store-sqlite',
      '@imcore/web',
    ],
  },
  'tests/proof': {
    imports: [
      '@imcore/protocol',
      '@imcore/server',
      '@imcore/server/ports',
      '@imcore/client/node',
      '@imcore/store-sqlite',
      '@imcore/workers',
      '@imcore/store-postgres',
      '@imcore/bridge-rabbitmq',
      '@imcore/cluster-nats',
      '@imcore/testkit',
      // Parts of `imcore dev` that are not exported.
      '../../../packages/cli/dist/dev/cut-proxy.js',
      '../../../../packages/cli/dist/dev/cut-proxy.js',
      '../../../../packages/cli/dist/dev/lossy-cluster.js',
      '../../../packages/cli/dist/dev/find-program.js',
      '../../../../packages/cli/dist/dev/find-program.js',
      '../../../../packages/cli/dist/dev/private-server.js',
      '../../../packages/cli/dist/dev/private-servers.js',
      '../../../../packages/cli/dist/dev/private-servers.js',
    ],
  },
  'tests/attack': {
    imports: ['@imcore/server', '@imcore/client/node', '@imcore/store-sqlite', '@imcore/testkit'],
  },
  bench: {
    imports: [
      '@imcore/protocol',
      '@imcore/server',
      '@imcore/server/ports',
      '@imcore/client/node',
      '@imcore/store-sqlite',
      '@imcore/workers',
      '@imcore/store-postgres',
      '@imcore/cluster-postgres',
      '@imcore/cluster-nats',
      '@imcore/cli/process-memory',
      // The command's reader of CPU time and memory is not exported.
      '../../packages/cli/dist/bench/process-cpu.js',
      '../../packages/server/dist/timers/deadline-queue.js',
    ],
  },
};
