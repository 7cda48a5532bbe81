import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Measurement } from './measurement.js';
import type { LoadRow } from './rows.js';
import { pinned, type ServerSpec, type ServerUnderLoad } from './server-under-load.js';

const run = promisify(execFile);

/** Puts load on a server, from a process of its own on the second core. */
export interface Generator {
  readonly name: string;
  /** Servers that only this generator can drive, or that come with it. */
  readonly peers: readonly ServerSpec[];
  measure(server: ServerUnderLoad, row: LoadRow, seconds: number): Promise<Measurement>;
}

/** The load test of the command `imcore bench`. */
export const ownGenerator: Generator = ownGeneratorWith([]);

/** The same with TLS. `certificate`: the PEM file that it trusts. */
export const ownGeneratorWithTls = (certificate: string): Generator =>
  ownGeneratorWith(['--tls', '--tls-ca', certificate]);

function ownGeneratorWith(more: readonly string[]): Generator {
  return { name: 'imcore bench', peers: [], measure: (...given) => measureOwn(more, ...given) };
}

async function measureOwn(
  more: readonly string[],
  server: ServerUnderLoad,
  row: LoadRow,
  seconds: number,
): Promise<Measurement> {
  const port = server.ports[row.transport] ?? 0;
  const flags = ['--transport', row.transport, '--port', port, '--pairs', row.pairs, '--window', row.window];
  const load = ['--size', row.size, '--duration', seconds, '--warmup', 1, '--pid', server.pid, '--json'];
  const extra = [...(row.chinese ? ['--chinese'] : []), ...(row.offline ? ['--offline'] : []), ...more];
  const command = ['node', resolve('packages/cli/bin/imcore.js'), 'bench', ...flags, ...load, ...extra];
  const result = JSON.parse(await outputOf(command.map(String))) as {
    donePerSecond: number;
    server?: { cpuPerMessage: number };
    deliveryUs: { p50: number; p99: number };
    lost: number;
    duplicates: number;
    outOfOrder: number;
  };
  return {
    messagesPerSecond: result.donePerSecond,
    cpuPerMessage: result.server?.cpuPerMessage ?? Number.NaN,
    deliveryP50: result.deliveryUs.p50,
    deliveryP99: result.deliveryUs.p99,
    lost: result.lost,
    duplicates: result.duplicates,
    outOfOrder: result.outOfOrder,
    otherCores: Number.NaN,
  };
}

/**
 * The neutral load lab, where it lies beside the checkout: a generator in C that is no bottleneck, and public peers.
 * Undefined where it is absent or cannot be built. Peers from npm are installed only for who names one in `servers`.
 */
export async function loadLab(servers: readonly string[] = []): Promise<Generator | undefined> {
  const source = resolve('../shared/loadlab');
  if (!existsSync(source)) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'imcore-lab-'));
  await cp(source, folder, { recursive: true });
  try {
    await run('make', [], { cwd: folder });
  } catch {
    return undefined;
  }
  if (servers.includes('aedes')) await run('npm', ['install', '--silent'], { cwd: folder });
  return {
    name: 'load lab',
    peers: [
      {
        name: 'c-limit',
        command: './relay-limit --tcp 19001 --udp 19002 --ws 19003 --mmsg 64'.split(' '),
        folder,
        ports: { tcp: 19001, udp: 19002, ws: 19003 },
      },
      {
        name: 'mosquitto',
        command: 'mosquitto -c mosquitto-lab.conf'.split(' '),
        folder,
        ports: { mqtt: 9201 },
      },
      { name: 'aedes', command: 'node aedes-lab.mjs 9202'.split(' '), folder, ports: { mqtt: 9202 } },
    ],
    async measure(server, row, seconds) {
      const transport = server.ports[row.transport] === undefined ? 'mqtt' : row.transport;
      const port = server.ports[transport] ?? 0;
      const flags = ['c2c', '--tr', transport, '--port', port, '--pairs', row.pairs, '--window', row.window];
      const load = ['--size', row.size, '--dur', seconds, '--warmup', 1, '--pid', server.pid];
      const extra = [...(row.chinese ? ['--charset', 'zh'] : []), ...(row.offline ? ['--offline'] : [])];
      const command = [join(folder, 'imload'), ...flags, ...load, ...extra].map(String);
      const result = JSON.parse(await outputOf(command)) as Record<string, number> & {
        e2e_us?: Record<string, number>;
      };
      return {
        messagesPerSecond: (row.offline ? result['acks_per_s'] : result['msgs_per_s']) ?? Number.NaN,
        cpuPerMessage: row.offline
          ? ((result['server_cpu'] ?? Number.NaN) * 1e6) / (result['acks_per_s'] ?? Number.NaN)
          : (result['cpu_us_per_msg'] ?? Number.NaN),
        deliveryP50: result.e2e_us?.['p50'] ?? Number.NaN,
        deliveryP99: result.e2e_us?.['p99'] ?? Number.NaN,
        lost: row.offline ? (result['unacked'] ?? 0) : (result['lost'] ?? 0),
        duplicates: result['dup'] ?? 0,
        outOfOrder: result['ooo'] ?? 0,
        otherCores: result['other_cpu'] ?? Number.NaN,
      };
    },
  };
}

async function outputOf(command: readonly string[]): Promise<string> {
  const [program = '', ...rest] = pinned('1', command);
  // Faults found make the generator end with another code than 0; what it printed says which.
  const { stdout } = await run(program, rest, { maxBuffer: 1 << 24 }).catch((error: { stdout?: string }) => {
    if (error.stdout === undefined || error.stdout === '') throw error;
    return { stdout: error.stdout };
  });
  return stdout.trim().split('\n').at(-1) ?? '';
}
