import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Debian installs it where the PATH of a user does not lead. */
const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
const PROGRAM = FOLDERS.map((folder) => join(folder, 'nats-server')).find(existsSync);

/**
 * Whether this machine has a NATS server that tests can start. Without one they are skipped with a warning; in CI they fail.
 */
export function hasNats(): boolean {
  if (PROGRAM !== undefined) return true;
  if (process.env['CI'] === 'true') throw new Error('CI has no nats-server');
  console.warn('SKIPPED: there is no nats-server in the PATH or in /usr/sbin');
  return false;
}

/** A NATS server that only one test file uses and may stop. */
export class NatsServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'imcore-nats-'));
  readonly port: number;
  #process: ChildProcess | undefined = undefined;

  private constructor(port: number) {
    this.port = port;
  }

  /** Starts a server. `settings`: lines of its configuration file. */
  static async start(settings = ''): Promise<NatsServer> {
    const server = new NatsServer(await freePort());
    await server.start(settings);
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  async start(settings = ''): Promise<void> {
    const file = join(this.#folder, 'nats.conf');
    writeFileSync(file, `listen: "127.0.0.1:${this.port}"\n${settings}\n`);
    const child = spawn(PROGRAM ?? '', ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process = child;
    let log = '';
    child.stderr.on('data', (bytes) => {
      log = (log + bytes).slice(-4000);
    });
    while (!(await accepts(this.port))) {
      if (child.exitCode !== null) throw new Error(`nats-server does not start: ${log}`);
      await pause(10);
    }
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined) return;
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  /** From now on it neither reads nor writes; the system still accepts connections for it. */
  hang(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Reads its configuration again, with these lines. */
  reload(settings: string): void {
    writeFileSync(join(this.#folder, 'nats.conf'), `listen: "127.0.0.1:${this.port}"\n${settings}\n`);
    this.#process?.kill('SIGHUP');
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
