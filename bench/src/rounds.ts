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

/**
 * Medians of a row, and how each server compares with the baselines: above 1 is better, for CPU as for latency. A ratio is
 * taken within each round, where the machine was the same for both; what is shown is the median of the rounds, and the
 * lowest and the highest.
 */
export function describe({ row, measurements }: RowResult, baselines: readonly string[]): string {
  const names = [...measurements.keys()];
  const values = (name: string, field: keyof Measurement): number[] =>
    (measurements.get(name) ?? []).map((measurement) => measurement[field]);
  const middle = (name: string, field: keyof Measurement): string => short(median(values(name, field)));
  const sum = (name: string, field: keyof Measurement): number =>
    values(name, field).reduce((total, value) => total + value, 0);
  const ratio = (name: string, baseline: string, field: keyof Measurement): string => {
    if (name === baseline) return '1';
    const own = values(name, field);
    return spread(values(baseline, field).map((value, round) => value / (own[round] ?? Number.NaN)));
  };
  const latencyBaselines = row.comparesLatency === true ? baselines : [];
  const columns: readonly (readonly [string, (name: string) => string])[] = [
    ['server', (name) => name],
    ['CPU µs', (name) => middle(name, 'cpuPerMessage')],
    ['a core', (name) => short(1e6 / median(values(name, 'cpuPerMessage')))],
    ...baselines.map(
      (baseline) => [`× ${baseline}`, (name: string) => ratio(name, baseline, 'cpuPerMessage')] as const,
    ),
    ['messages/s', (name) => middle(name, 'messagesPerSecond')],
    ['p50 µs', (name) => middle(name, 'deliveryP50')],
    ['p99 µs', (name) => middle(name, 'deliveryP99')],
    ...latencyBaselines.map(
      (baseline) => [`p50 × ${baseline}`, (name: string) => ratio(name, baseline, 'deliveryP50')] as const,
    ),
    [
      'lost / duplicated / out of order',
      (name) => `${sum(name, 'lost')} / ${sum(name, 'duplicates')} / ${sum(name, 'outOfOrder')}`,
    ],
    ['other cores', (name) => middle(name, 'otherCores')],
  ];
  const head = columns.map(([title]) => title);
  const lines = names.map((name) => columns.map(([, cell]) => cell(name)));
  return `### ${row.name}\n\n${table(head, lines)}\n`;
}

/** The median, and in brackets the lowest and the highest. */
function spread(values: readonly number[]): string {
  return `${short(median(values))} (${short(Math.min(...values))}–${short(Math.max(...values))})`;
}

/** One line that is written over and over, on a terminal only. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}
