import { execFile, execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Where Debian puts the programs of each version. */
const VERSIONS = '/usr/lib/postgresql';
const BINARIES = join(VERSIONS, newestVersion(), 'bin');
const run = promisify(execFile);

/** A PostgreSQL server that only these tests use and may stop. It requires a password. */
export interface PrivateCluster {
  readonly port: number;
  readonly password: string;
  start(): Promise<void>;
  /** `fast` closes connections cleanly; `immediate` is a crash, and the next start recovers. */
  stop(mode: 'fast' | 'immediate'): Promise<void>;
  /** Kills it with SIGKILL and waits until its last process has ended. */
  kill(): Promise<void>;
  /** Makes a streaming standby, starts it, and from then on each commit waits for it. */
  addStandby(): Promise<PrivateCluster>;
  /** Makes a standby a primary, on a new timeline. */
  promote(): Promise<void>;
  /** Stops it and removes its files. */
  remove(): Promise<void>;
}

/** Whether this machine can run one; logs the reason if not. PostgreSQL does not run as root. */
export function canMakeCluster(): boolean {
  const missing = !existsSync(join(BINARIES, 'initdb'))
    ? `there is no ${BINARIES}/initdb`
    : process.getuid?.() === 0 && postgresUser() === undefined
      ? 'root has no user postgres to become'
      : undefined;
  if (missing !== undefined && process.env['CI'] === 'true')
    throw new Error(`CI can make no cluster: ${missing}`);
  if (missing !== undefined) console.warn(`SKIPPED: no PostgreSQL cluster of our own: ${missing}`);
  return missing === undefined;
}

export async function makeCluster(): Promise<PrivateCluster> {
  const files = makeFolder();
  const passwordFile = join(files.folder, 'password');
  writeFileSync(passwordFile, PASSWORD);
  await files.execute(
    'initdb',
    ...['-D', files.data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`],
  );
  return clusterOf(files, await freePort());
}

const PASSWORD = 'open-sesame-4711';

interface ClusterFiles {
  readonly folder: string;
  readonly data: string;
  readonly log: string;
  execute(program: string, ...args: string[]): Promise<{ readonly stdout: string }>;
}

/** An empty folder of a cluster, and how to run a program in it. PostgreSQL does not run as root. */
function makeFolder(): ClusterFiles {
  const folder = mkdtempSync(join(tmpdir(), 'imcore-pg-'));
  const owner = process.getuid?.() === 0 ? postgresUser() : undefined;
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  return {
    folder,
    data: join(folder, 'data'),
    log: join(folder, 'log'),
    execute: (program, ...args) =>
      run(join(BINARIES, program), args, {
        cwd: folder,
        ...owner,
        env: { ...process.env, PGPASSWORD: PASSWORD },
      }),
  };
}

function clusterOf({ folder, data, log, execute }: ClusterFiles, port: number): PrivateCluster {
  let isRunning = false;
  const address = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres'];
  const ask = async (sql: string) => (await execute('psql', ...address, '-Atc', sql)).stdout.trim();
  const cluster: PrivateCluster = {
    port,
    password: PASSWORD,
    start: async () => {
      const settings = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1`;
      const attempt = () => execute('pg_ctl', '-D', data, '-l', log, '-w', '-o', settings, 'start');
      // After a kill the shared memory may be in use for a moment.
      for (let left = 20; left > 0 && !isRunning; left -= 1) {
        isRunning = await attempt().then(
          () => true,
          () => pause(100).then(() => false),
        );
      }
      if (!isRunning) throw new Error(`PostgreSQL does not start: ${readFileSync(log, 'utf8').slice(-2000)}`);
    },
    stop: async (mode) => {
      await execute('pg_ctl', '-D', data, '-w', '-m', mode, 'stop');
      isRunning = false;
    },
    kill: async () => {
      const [first = ''] = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
      process.kill(Number(first), 'SIGKILL');
      isRunning = false;
      while (hasProcesses(data)) await pause(20);
    },
    addStandby: async () => {
      const files = makeFolder();
      await files.execute('pg_basebackup', ...address, '-D', files.data, '-R', '-X', 'stream', '-c', 'fast');
      const standby = clusterOf(files, await freePort());
      await standby.start();
      await ask("ALTER SYSTEM SET synchronous_standby_names = '*'");
      await ask('SELECT pg_reload_conf()');
      while ((await ask('SELECT sync_state FROM pg_stat_replication')) !== 'sync') await pause(20);
      return standby;
    },
    promote: async () => {
      await execute('pg_ctl', '-D', data, '-w', 'promote');
    },
    remove: async () => {
      if (isRunning) await cluster.stop('immediate');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return cluster;
}

/** Whether a process of this cluster still runs: its connections' processes end a moment after the main one. */
function hasProcesses(data: string): boolean {
  return readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && realpathSync(`/proc/${pid}/cwd`) === realpathSync(data);
    } catch {
      return false;
    }
  });
}

function newestVersion(): string {
  if (!existsSync(VERSIONS)) return '';
  return readdirSync(VERSIONS).sort((a, b) => Number(b) - Number(a))[0] ?? '';
}

function postgresUser(): { readonly uid: number; readonly gid: number } | undefined {
  const idOf = (kind: string) => Number(execFileSync('id', [kind, 'postgres'], { stdio: 'pipe' }).toString());
  try {
    return { uid: idOf('-u'), gid: idOf('-g') };
  } catch {
    return undefined;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
