import { parseArgs } from 'node:util';
import { loadLab, ownGenerator } from './generators.js';
import { IdleCrowd } from './idle-crowd.js';
import type { Measurement } from './measurement.js';
import { conditions, keep } from './results.js';
import { progress } from './rounds.js';
import { type LoadRow, ROWS } from './rows.js';
import { ServerUnderLoad } from './server-under-load.js';
import { SERVER } from './servers.js';
import { median, short, table } from './statistics.js';

/**
 * Does a message cost more the more there is? The same load on a server with few and with many connections that say
 * nothing, and on one whose store holds little and much. Sizes in turn, a new process each time.
 *
 * `npm run bench:growth -- [--connections 100,1000,15000] [--stored 0,100000,1000000] [--rounds 5] [--seconds 3]`
 */
const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '100,1000,5000,15000' },
    stored: { type: 'string', default: '0,100000,1000000' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
  },
});

interface Growth {
  readonly title: string;
  readonly row: LoadRow;
  readonly sizes: readonly number[];
  /** The server at this size. */
  readonly start: (size: number) => Promise<ServerUnderLoad>;
  /** Makes it that large from outside. */
  readonly surround: (server: ServerUnderLoad, size: number) => Promise<IdleCrowd | undefined>;
}

const sizesOf = (text: string): readonly number[] => text.split(',').map(Number);
const start = (stored: number): Promise<ServerUnderLoad> =>
  ServerUnderLoad.start({ name: 'imcore', command: [...SERVER, '--stored', String(stored)] });
const alone = (): Promise<undefined> => Promise.resolve(undefined);
const growths: readonly Growth[] = [
  {
    title: 'connections that say nothing',
    row: rowOf('tcp-64'),
    sizes: sizesOf(values.connections),
    start: () => start(0),
    surround: (server, size) => IdleCrowd.logIn(server, 'tcp', size, 1000),
  },
  {
    title: 'stored messages, between users who are online',
    row: rowOf('tcp-64'),
    sizes: sizesOf(values.stored),
    start,
    surround: alone,
  },
  {
    title: 'stored messages, to users who are offline (durable)',
    row: rowOf('tcp-offline'),
    sizes: sizesOf(values.stored),
    start,
    surround: alone,
  },
];
const generator = (await loadLab()) ?? ownGenerator;
console.log(`${Object.values(conditions()).join(', ')}; generator: ${generator.name}\n`);
const kept: object[] = [];
for (const growth of growths) {
  const { title, row, sizes } = growth;
  const measurements = new Map<number, Measurement[]>(sizes.map((size) => [size, []]));
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const size of sizes) {
      progress(`${title}: round ${round} of ${values.rounds}, ${size}`);
      measurements.get(size)?.push(await measure(growth, size));
    }
  }
  progress('');
  const of = (size: number, field: keyof Measurement): number =>
    median((measurements.get(size) ?? []).map((measurement) => measurement[field]));
  const first = of(sizes[0] ?? 0, 'cpuPerMessage');
  const lines = sizes.map((size) => [
    String(size),
    short(of(size, 'cpuPerMessage')),
    short(of(size, 'cpuPerMessage') / first),
    short(of(size, 'deliveryP99')),
    String(of(size, 'lost') + of(size, 'duplicates') + of(size, 'outOfOrder')),
  ]);
  const head = [title, 'CPU µs a message', 'of the first', 'p99 µs', 'lost, duplicated or out of order'];
  console.log(`### ${row.name}\n\n${table(head, lines)}\n`);
  kept.push({ title, row, measurements: Object.fromEntries(measurements) });
}
console.log(`kept in ${keep('growth', { ...values, growths: kept })}`);

async function measure(growth: Growth, size: number): Promise<Measurement> {
  const server = await growth.start(size);
  const crowd = await growth.surround(server, size);
  try {
    await generator.measure(server, growth.row, 2);
    return await generator.measure(server, growth.row, Number(values.seconds));
  } finally {
    await crowd?.leave();
    await server.stop();
  }
}

function rowOf(name: string): LoadRow {
  const row = ROWS[name];
  if (row === undefined) throw new Error(`there is no row ${name}`);
  return row;
}
