import { execFile, execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stablePort } from '../stable-port.js';
import { pause } from '../traffic.js';

/** Where Debian puts the programs of each version. */
const VERSIONS = '/usr/lib/postgresql';
const BINARIES = join(VERSIONS, newestVersion(), 'bin');
const run = promisify(execFile);

/** Whether this machine can run a PostgreSQL server. */
export const hasPostgresServer = existsSync(join(BINARIES, 'initdb'));

/** A PostgreSQL server that only this proof uses and may stop. */
export class PrivatePostgres {
  readonly port: number;
  readonly #folder: string;
  /** PostgreSQL does not run as root. */
  readonly #owner: { readonly uid: number; readonly gid: number } | undefined;
  #isRunning = false;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
    this.#owner = process.getuid?.() === 0 ? postgresUser() : undefined;
  }

  static async make(): Promise<PrivatePostgres> {
    const postgres = new PrivatePostgres(await stablePort(), mkdtempSync(join(tmpdir(), 'imcore-proof-pg-')));
    if (postgres.#owner !== undefined) chownSync(postgres.#folder, postgres.#owner.uid, postgres.#owner.gid);
    await postgres.#execute('initdb', '-D', postgres.#data, '-U', 'postgres', '-A', 'trust');
    return postgres;
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  async start(): Promise<void> {
    const settings = `-p ${this.port} -k ${this.#folder} -c listen_addresses=127.0.0.1`;
    const args = ['-D', this.#data, '-l', join(this.#folder, 'log'), '-w', '-o', settings, 'start'];
    // After a crash the shared memory may be in use for a moment.
    for (let left = 20; !this.#isRunning; left -= 1) {
      try {
        await this.#execute('pg_ctl', ...args);
        this.#isRunning = true;
      } catch (error) {
        const log = readFileSync(join(this.#folder, 'log'), 'utf8').slice(-2000);
        if (left === 0) throw new Error(`PostgreSQL does not start: ${log}`, { cause: error });
        await pause(100);
      }
    }
  }

  /** `fast` closes connections cleanly; `immediate` is a crash, and the next start recovers. */
  async stop(mode: 'fast' | 'immediate'): Promise<void> {
    if (!this.#isRunning) return;
    await this.#execute('pg_ctl', '-D', this.#data, '-w', '-m', mode, 'stop');
    this.#isRunning = false;
  }

  /** Number of messages that wait for their receivers. */
  async countWaiting(): Promise<number> {
    const sql = 'SELECT coalesce(sum(sent - gone), 0) FROM imcore.user_log JOIN imcore.log_state USING (no)';
    const args = ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'postgres', '-Atc', sql];
    const { stdout } = await this.#execute('psql', ...args);
    return Number(stdout.trim());
  }

  async remove(): Promise<void> {
    await this.stop('immediate').catch(() => undefined);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  #execute(program: string, ...args: string[]): Promise<{ readonly stdout: string }> {
    return run(join(BINARIES, program), args, { cwd: this.#folder, ...this.#owner });
  }
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
