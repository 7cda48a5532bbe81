import { parseArgs } from 'node:util';
import { readProcessUse } from '../../packages/cli/dist/bench/process-cpu.js';
import { childrenOf } from './children-of.js';
import { IdleCrowd } from './idle-crowd.js';
import { conditions, keep } from './results.js';
import { progress } from './rounds.js';
import { type ServerSpec, ServerUnderLoad } from './server-under-load.js';
import { RELAYS, requireServers, SERVER } from './servers.js';
import { median, short, table } from './statistics.js';

/**
 * What idle connections cost: logins a second, CPU of a login, memory of a connection, and a message to all of
 * them, five times. Servers in turn, a new process each time. The server gives memory back some four seconds after the
 * last login, before `--settle` is over.
 *
 * `npm run bench:idle -- [--transport tcp] [--connections 15000] [--at 1000] [--rounds 3] [--settle 6] [--workers 1]`; with workers
 * the server is also measured with so many worker processes: what the core takes, and what they take.
 */
const { values } = parseArgs({
  options: {
    transport: { type: 'string', default: 'tcp' },
    connections: { type: 'string', default: '15000' },
    at: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    settle: { type: 'string', default: '6' },
    workers: { type: 'string', default: '0' },
  },
});
const transport = values.transport as 'tcp' | 'udp' | 'ws';
const withWorkers: ServerSpec = {
  name: `imcore, workers: ${values.workers}`,
  command: [...SERVER, '--workers', values.workers],
};
const specs: readonly ServerSpec[] = [
  ...requireServers('relay-each,imcore', [...RELAYS, { name: 'imcore', command: SERVER }]),
  ...(values.workers === '0' ? [] : [withWorkers]),
];

/** Messages to everybody, one after the other: the first runs through code that is not optimised yet. */
const FAN_OUTS = 5;

/** One message to everybody, as the server saw it. */
interface FanOut {
  readonly users: number;
  readonly received: number;
  readonly cpuMs: number;
}

interface Idle {
  readonly loginsPerSecond: number;
  readonly cpuPerLogin: number;
  readonly bytesPerConnection: number;
  /** The same in the worker processes; 0 without any. */
  readonly workerBytesPerConnection: number;
  /** CPU of one of many messages that leave at once, in microseconds, the first time; the bare relay cannot do that. */
  readonly cpuPerFirstFanOut: number;
  /** The same later, when the code for it has been optimised. */
  readonly cpuPerFanOut: number;
}

const measurements = new Map<string, Idle[]>(specs.map(({ name }) => [name, []]));
for (let round = 1; round <= Number(values.rounds); round++) {
  for (const spec of specs) {
    progress(`round ${round} of ${values.rounds}, ${spec.name}`);
    measurements.get(spec.name)?.push(await measure(spec));
  }
}
progress('');
console.log(`${Object.values(conditions()).join(', ')}\n`);
console.log(`### ${transport}, ${values.connections} connections, ${values.at} logins at a time\n`);
const lines = [...measurements].map(([name, all]) => {
  const of = (field: keyof Idle): number => median(all.map((one) => one[field]));
  const fields = [
    'loginsPerSecond',
    'cpuPerLogin',
    'bytesPerConnection',
    'workerBytesPerConnection',
    'cpuPerFirstFanOut',
    'cpuPerFanOut',
  ] as const;
  return [name, ...fields.map((field) => short(of(field)))];
});
console.log(
  table(
    [
      'server',
      'logins/s',
      'CPU µs a login',
      'bytes a connection',
      'in workers',
      'CPU µs a fan-out message',
      `the ${FAN_OUTS}th time`,
    ],
    lines,
  ),
);
console.log(
  `\nkept in ${keep(`idle-${transport}`, { ...values, measurements: Object.fromEntries(measurements) })}`,
);

async function measure(spec: ServerSpec): Promise<Idle> {
  const server = await ServerUnderLoad.start(spec);
  try {
    return await measureCrowd(server, spec.name === 'imcore');
  } finally {
    await server.stop();
  }
}

async function measureCrowd(server: ServerUnderLoad, canFanOut: boolean): Promise<Idle> {
  const workers = childrenOf(server.pid);
  const before = readProcessUse(server.pid);
  const workersBefore = residentBytes(workers);
  const crowd = await IdleCrowd.logIn(server, transport, Number(values.connections), Number(values.at));
  try {
    const loggedIn = readProcessUse(server.pid);
    await new Promise((resolve) => setTimeout(resolve, Number(values.settle) * 1000));
    const settled = readProcessUse(server.pid);
    if (before === undefined || loggedIn === undefined || settled === undefined)
      throw new Error('there is no /proc');
    const fanOuts = canFanOut ? await fanOut(server) : [];
    return {
      loginsPerSecond: crowd.users / crowd.seconds,
      cpuPerLogin: ((loggedIn.cpuMs - before.cpuMs) * 1000) / crowd.users,
      bytesPerConnection: (settled.residentBytes - before.residentBytes) / crowd.users,
      workerBytesPerConnection: (residentBytes(workers) - workersBefore) / crowd.users,
      cpuPerFirstFanOut: fanOuts[0] ?? Number.NaN,
      cpuPerFanOut: fanOuts.at(-1) ?? Number.NaN,
    };
  } finally {
    await crowd.leave();
  }
}

function residentBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (readProcessUse(pid)?.residentBytes ?? 0), 0);
}

/** CPU of each message, in microseconds, of one fan-out after the other. */
async function fanOut(server: ServerUnderLoad): Promise<number[]> {
  const costs: number[] = [];
  for (let times = 0; times < FAN_OUTS; times++) {
    const { users, received, cpuMs } = (await server.ask('fan-out')) as FanOut;
    costs.push((cpuMs * 1000) / users);
    const late = users - received;
    if (late === 0) continue;
    const problem = `${late} of ${users} messages were not acknowledged in time and went to the store`;
    // So many datagrams at once overflow the sockets' buffers: their cost is part of a fan-out over UDP.
    if (transport !== 'udp') throw new Error(problem);
    console.error(problem);
  }
  return costs;
}
