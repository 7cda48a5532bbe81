import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readProcessUse } from '../../packages/cli/dist/bench/process-cpu.js';
import { childrenOf } from './children-of.js';
import { loadLab, ownGenerator, ownGeneratorWithTls } from './generators.js';
import type { Measurement } from './measurement.js';
import { conditions, keep } from './results.js';
import { progress } from './rounds.js';
import { type LoadRow, requireRows } from './rows.js';
import { ServerUnderLoad } from './server-under-load.js';
import { SERVER } from './servers.js';
import { median, short, table } from './statistics.js';

/**
 * What worker processes change: the server without workers, with one and with two, in turn. CPU of a message in the core and in its
 * workers, and its latency.
 *
 * `npm run bench:workers -- [--rows tcp-64,tcp-1000] [--rounds 5] [--seconds 3] [--tls]`. Servers share the first core, so that CPU
 * times compare, except where one message is in flight at a time: there the latency counts, and they have all cores. With `--tls`
 * the load comes from `imcore bench`.
 */
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: 'tcp-64,tcp-100,tcp-1000,tcp-1,ws-64,udp-64' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    tls: { type: 'boolean', default: false },
  },
});
const WORKERS = [0, 1, 2];
/** Load before the first measurement, in seconds. */
const WARM_UP = 2;

/** One measurement, with the CPU of the worker processes for each message, in microseconds. */
interface Split extends Measurement {
  readonly workersPerMessage: number;
}

const folder = mkdtempSync(join(tmpdir(), 'imcore-bench-'));
const pem = values.tls ? makeCertificate() : undefined;
const generator = pem === undefined ? ((await loadLab()) ?? ownGenerator) : ownGeneratorWithTls(pem);
console.log(`${Object.values(conditions()).join(', ')}; generator: ${generator.name}\n`);
const kept: object[] = [];
for (const row of requireRows(values.rows)) {
  const splits = await measureRow(row);
  kept.push({ row, measurements: Object.fromEntries(splits) });
  console.log(`### ${row.name}${values.tls ? ', TLS' : ''}\n\n${describe(splits)}\n`);
}
rmSync(folder, { recursive: true, force: true });
console.log(`kept in ${keep('workers', { generator: generator.name, rows: kept })}`);

async function measureRow(row: LoadRow): Promise<ReadonlyMap<number, readonly Split[]>> {
  const splits = new Map<number, Split[]>(WORKERS.map((workers) => [workers, []]));
  const servers = await Promise.all(WORKERS.map((workers) => start(workers, row)));
  try {
    for (const server of servers) await generator.measure(server, row, WARM_UP);
    for (let round = 1; round <= Number(values.rounds); round++) {
      for (const [index, workers] of WORKERS.entries()) {
        progress(`${row.name}: round ${round} of ${values.rounds}, ${workers} workers`);
        const server = servers[index];
        if (server !== undefined) splits.get(workers)?.push(await measure(server, row));
      }
    }
  } finally {
    progress('');
    await Promise.all(servers.map((server) => server.stop()));
  }
  return splits;
}

function start(workers: number, row: LoadRow): Promise<ServerUnderLoad> {
  const tls = pem === undefined ? [] : ['--tls', pem];
  const command = [...SERVER, '--workers', String(workers), ...tls];
  return ServerUnderLoad.start({ name: `${workers} workers`, command }, row.comparesLatency ? '0,1' : '0');
}

/** The generator says what the core spent for a message; the workers' share follows from both times over the whole load. */
async function measure(server: ServerUnderLoad, row: LoadRow): Promise<Split> {
  const workers = childrenOf(server.pid);
  const before = [cpuOf([server.pid]), cpuOf(workers)] as const;
  const measurement = await generator.measure(server, row, Number(values.seconds));
  const core = cpuOf([server.pid]) - before[0];
  const workersPerMessage = (measurement.cpuPerMessage * (cpuOf(workers) - before[1])) / core;
  return { ...measurement, workersPerMessage };
}

function cpuOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (readProcessUse(pid)?.cpuMs ?? 0), 0);
}

function describe(splits: ReadonlyMap<number, readonly Split[]>): string {
  const lines = [...splits].map(([workers, all]) => {
    const middle = (field: keyof Split): string => short(median(all.map((split) => split[field])));
    const faults = (['lost', 'duplicates', 'outOfOrder'] as const).map((field) =>
      all.reduce((sum, split) => sum + split[field], 0),
    );
    const name = workers === 0 ? 'one process' : `workers: ${workers}`;
    const cpu = [middle('cpuPerMessage'), workers === 0 ? '–' : middle('workersPerMessage')];
    const rest = [middle('messagesPerSecond'), middle('deliveryP50'), middle('deliveryP99')];
    return [name, ...cpu, ...rest, faults.join(' / ')];
  });
  const head = [
    'server',
    'core µs',
    'workers µs',
    'messages/s',
    'p50 µs',
    'p99 µs',
    'lost / duplicated / out of order',
  ];
  return table(head, lines);
}

/** Makes a PEM file with a key and a certificate for 127.0.0.1. */
function makeCertificate(): string {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', key, '-out', certificate];
  const how = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  execFileSync('openssl', [...how, ...subject, ...files], { stdio: 'ignore' });
  writeFileSync(certificate, readFileSync(key, 'utf8'), { flag: 'a' });
  return certificate;
}
