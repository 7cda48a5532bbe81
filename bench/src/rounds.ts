import type { Generator } from './generators.js';
import type { Measurement } from './measurement.js';
import type { LoadRow } from './rows.js';
import { type ServerSpec, ServerUnderLoad } from './server-under-load.js';
import { median, short, table } from './statistics.js';

export interface RowResult {
  readonly row: LoadRow;
  /** By server, in the order in which they were named; one measurement a round. */
  readonly measurements: ReadonlyMap<string, readonly Measurement[]>;
}

/** Measures servers in turn, A B A B, so that what the machine does meanwhile hits all of them alike. */
export async function alternate(
  generator: Generator,
  specs: readonly ServerSpec[],
  row: LoadRow,
  rounds: number,
  seconds: number,
): Promise<RowResult> {
  const servers = await Promise.all(specs.map((spec) => ServerUnderLoad.start(spec)));
  const measurements = new Map<string, Measurement[]>(specs.map(({ name }) => [name, []]));
  try {
    for (const server of servers) await generator.measure(server, row, 2);
    for (let round = 1; round <= rounds; round++) {
      for (const server of servers) {
        progress(`${row.name}: round ${round} of ${rounds}, ${server.name}`);
        measurements.get(server.name)?.push(await generator.measure(server, row, seconds));
      }
    }
  } finally {
    progress('');
    await Promise.all(servers.map((server) => server.stop()));
  }
  return { row, measurements };
}

/** Rows as they are kept in JSON. */
export function rowsToKeep(results: readonly RowResult[]): object[] {
  return results.map(({ row, measurements }) => ({ row, measurements: Object.fromEntries(measurements) }));
}

/** Medians of a row, and how they compare with the first server: above 1 is better, for CPU as for latency. */
export function describe({ row, measurements }: RowResult): string {
  const names = [...measurements.keys()];
  const of = (name: string, field: keyof Measurement): number =>
    median((measurements.get(name) ?? []).map((measurement) => measurement[field]));
  const sum = (name: string, field: keyof Measurement): number =>
    (measurements.get(name) ?? []).reduce((total, measurement) => total + measurement[field], 0);
  const first = names[0] ?? '';
  const lines = names.map((name) => [
    name,
    short(of(name, 'cpuPerMessage')),
    short(1e6 / of(name, 'cpuPerMessage')),
    name === first ? '1' : short(of(first, 'cpuPerMessage') / of(name, 'cpuPerMessage')),
    short(of(name, 'messagesPerSecond')),
    short(of(name, 'deliveryP50')),
    short(of(name, 'deliveryP99')),
    `${sum(name, 'lost')} / ${sum(name, 'duplicates')} / ${sum(name, 'overtaken')}`,
  ]);
  const head = [
    'server',
    'CPU µs',
    'a core',
    `× ${first}`,
    'messages/s',
    'p50 µs',
    'p99 µs',
    'lost / twice / overtaken',
  ];
  return `### ${row.name}\n\n${table(head, lines)}\n`;
}

/** One line that is written over and over, on a terminal only. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}
