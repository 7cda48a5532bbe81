import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stablePort } from '../stable-port.js';

const PROGRAM = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const START_MS = 120_000;

/** Options of a {@link PrivateBroker}: further lines of its configuration. */
interface PrivateBrokerOptions {
  readonly configuration?: readonly string[];
}

/** Whether this machine has a RabbitMQ server to start. */
export function canMakeBroker(): boolean {
  return existsSync(PROGRAM);
}

/** A RabbitMQ process with its own ports, node name, data and log, which can be stopped and killed. */
export class PrivateBroker {
  readonly port: number;
  readonly #distPort: number;
  readonly #folder: string;
  readonly #configuration: readonly string[];
  #child: ChildProcess | undefined = undefined;

  private constructor(port: number, distPort: number, configuration: readonly string[]) {
    this.port = port;
    this.#distPort = distPort;
    this.#configuration = configuration;
    this.#folder = mkdtempSync(join(tmpdir(), 'imcore-rabbitmq-'));
  }

  static async make(options: PrivateBrokerOptions = {}): Promise<PrivateBroker> {
    return new PrivateBroker(await stablePort(), await stablePort(), options.configuration ?? []);
  }

  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${this.port}`;
  }

  /** Resolves when it accepts connections. */
  async start(): Promise<void> {
    this.#writeFiles();
    const child = spawn(PROGRAM, [], { env: this.#environment(), detached: true, stdio: 'ignore' });
    this.#child = child;
    const until = Date.now() + START_MS;
    while (!(await acceptsConnections(this.port))) {
      if (child.exitCode !== null)
        throw new Error(`RabbitMQ ended with ${child.exitCode}: see ${this.#folder}`);
      if (Date.now() > until) throw new Error(`RabbitMQ did not start: see ${this.#folder}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Stops it with `SIGTERM`, or crashes it with `SIGKILL`. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    process.kill(-child.pid, signal);
    await gone;
    while (await acceptsConnections(this.port)) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Kills it and removes its files. */
  async remove(): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #writeFiles(): void {
    mkdirSync(join(this.#folder, 'log'), { recursive: true });
    const lines = [`listeners.tcp.local = 127.0.0.1:${this.port}`, ...this.#configuration, ''];
    writeFileSync(join(this.#folder, 'rabbitmq.conf'), lines.join('\n'));
    writeFileSync(join(this.#folder, 'env.conf'), '');
    writeFileSync(join(this.#folder, 'plugins'), '[].\n');
  }

  #environment(): NodeJS.ProcessEnv {
    const folder = this.#folder;
    return {
      PATH: process.env['PATH'],
      LANG: 'C.UTF-8',
      HOME: folder,
      RABBITMQ_NODENAME: `imcore${this.port}@localhost`,
      RABBITMQ_DIST_PORT: String(this.#distPort),
      RABBITMQ_CONF_ENV_FILE: join(folder, 'env.conf'),
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
      RABBITMQ_MNESIA_BASE: join(folder, 'data'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      ERL_EPMD_ADDRESS: '127.0.0.1',
    };
  }
}

function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
