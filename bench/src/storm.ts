import { parseArgs } from 'node:util';
import { readProcessUse } from '../../packages/cli/dist/bench/process-cpu.js';
import { IdleCrowd } from './idle-crowd.js';
import { conditions, keep } from './results.js';
import { progress } from './rounds.js';
import { ServerUnderLoad } from './server-under-load.js';
import { SERVER } from './servers.js';
import { median, short, table } from './statistics.js';

/**
 * All users log in at once: at three nodes of a cluster, at three servers without a cluster, and at one server, in turn. Measures the
 * time until all are online and until each node knows all of them, and CPU and memory of each process. All servers use one
 * PostgreSQL, the nodes one NATS. The servers share a core, the clients have the other one. Leaves the schema `imcore_bench` in
 * the database.
 *
 * `npm run bench:storm -- [--users 10000] [--at 1000] [--rounds 3] [--settle 6] [--postgres postgres://…] [--nats nats://…]`;
 * `--at` is the number of logins under way.
 */
const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '10000' },
    at: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    settle: { type: 'string', default: '6' },
    postgres: { type: 'string', default: 'postgres://postgres@127.0.0.1/postgres' },
    nats: { type: 'string', default: 'nats://127.0.0.1:4222' },
  },
});
const users = Number(values.users);
/** Logins before those that are measured, at each server. */
const WARM_UP_USERS = 2000;

const STORE = [...SERVER, '--postgres', values.postgres];

/** What a storm took. Times in seconds. */
interface Storm {
  /** From the first connection until the last login was answered. */
  readonly online: number;
  /** From the last answer until each node knew all users. */
  readonly agreed: number;
  /** By process: CPU of a login of any node, in microseconds, until all agreed. */
  readonly cpuPerLogin: readonly number[];
  /** By process: growth for each user of the cluster, when memory has been given back. */
  readonly bytesPerUser: readonly number[];
}

/** `isCluster`: each server must know the users of all. */
async function storm(
  name: string,
  commands: readonly (readonly string[])[],
  isCluster: boolean,
): Promise<Storm> {
  const servers: ServerUnderLoad[] = [];
  const crowds: IdleCrowd[] = [];
  try {
    for (const command of commands) servers.push(await ServerUnderLoad.start({ name, command }));
    // Nodes must have found each other, and code that runs for the first time is slow.
    await Promise.all(servers.map(warmUp));
    await pause(Number(values.settle) * 1000);
    const before = servers.map(({ pid }) => useOf(pid));
    const startedAt = Date.now();
    const share = Math.floor(users / servers.length);
    const sizes = servers.map((_, index) => (index === 0 ? users - share * (servers.length - 1) : share));
    const known = servers.map(
      (server, index) => server.ask(`known ${isCluster ? users : sizes[index]}`) as Promise<number>,
    );
    crowds.push(
      ...(await Promise.all(
        servers.map((server, index) =>
          IdleCrowd.logIn(server, 'tcp', sizes[index] ?? 0, Math.ceil(Number(values.at) / servers.length)),
        ),
      )),
    );
    const onlineAt = Date.now();
    const agreedAt = Math.max(...(await Promise.all(known)));
    const agreed = servers.map(({ pid }) => useOf(pid));
    await pause(Number(values.settle) * 1000);
    const settled = servers.map(({ pid }) => useOf(pid));
    return {
      online: (onlineAt - startedAt) / 1000,
      agreed: Math.max(0, agreedAt - onlineAt) / 1000,
      cpuPerLogin: agreed.map(({ cpuMs }, index) => ((cpuMs - (before[index]?.cpuMs ?? 0)) * 1000) / users),
      bytesPerUser: settled.map(
        ({ residentBytes }, index) => (residentBytes - (before[index]?.residentBytes ?? 0)) / users,
      ),
    };
  } finally {
    for (const crowd of crowds) await crowd.leave();
    for (const server of servers) await server.stop();
  }
}

async function warmUp(server: ServerUnderLoad): Promise<void> {
  const crowd = await IdleCrowd.logIn(server, 'tcp', WARM_UP_USERS, WARM_UP_USERS / 10);
  await crowd.leave();
}

function useOf(pid: number): { readonly cpuMs: number; readonly residentBytes: number } {
  const use = readProcessUse(pid);
  if (use === undefined) throw new Error('there is no /proc');
  return use;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const storms = new Map<string, Storm[]>([
  ['one server', []],
  ['three servers, no cluster', []],
  ['three nodes', []],
]);
for (let round = 1; round <= Number(values.rounds); round++) {
  const cluster = `storm${process.pid}-${round}`;
  const nodes = ['a', 'b', 'c'].map((node) => [
    ...STORE,
    ...['--nats', values.nats, '--cluster', cluster, '--node', node],
  ]);
  const kinds: readonly (readonly [string, readonly (readonly string[])[]])[] = [
    ['one server', [STORE]],
    ['three servers, no cluster', [STORE, STORE, STORE]],
    ['three nodes', nodes],
  ];
  for (const [name, commands] of kinds) {
    progress(`round ${round} of ${values.rounds}, ${name}`);
    storms.get(name)?.push(await storm(name, commands, commands === nodes));
  }
}
progress('');
console.log(`${Object.values(conditions()).join(', ')}\n`);
console.log(`### ${users} logins over TCP, ${values.at} at a time\n`);
const spread = (numbers: readonly number[]): string =>
  `${short(median(numbers))} (${short(Math.min(...numbers))}–${short(Math.max(...numbers))})`;
const ratio = (all: readonly Storm[], baseline: string): string =>
  spread(
    all.map(
      ({ cpuPerLogin }, round) => sum(cpuPerLogin) / sum(storms.get(baseline)?.[round]?.cpuPerLogin ?? []),
    ),
  );
const lines = [...storms].map(([name, all]) => [
  name,
  spread(all.map(({ online }) => online)),
  spread(all.map(({ agreed }) => agreed)),
  spread(all.flatMap(({ cpuPerLogin }) => cpuPerLogin)),
  spread(all.map(({ cpuPerLogin }) => sum(cpuPerLogin))),
  ratio(all, 'one server'),
  ratio(all, 'three servers, no cluster'),
  spread(all.flatMap(({ bytesPerUser }) => bytesPerUser)),
]);
console.log(
  table(
    [
      'servers',
      'all online after s',
      'all known s later',
      'CPU µs a login, one process',
      'all processes',
      '× one server',
      '× three, no cluster',
      'bytes a user, one process',
    ],
    lines,
  ),
);
console.log(`\nkept in ${keep('storm', { ...values, storms: Object.fromEntries(storms) })}`);
