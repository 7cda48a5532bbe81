import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stablePort } from '../stable-port.js';

/** The metrics of the server process, on request. */
interface ServerReport {
  readonly metrics: Readonly<Record<string, number>>;
  /** Microseconds. */
  readonly cpu: { readonly user: number; readonly system: number };
}

interface Line extends Partial<ServerReport> {
  readonly port?: number;
  readonly state?: 'joined' | 'away';
  readonly at?: number;
}

/** A server process with a bridge. It can be killed and started again on the same port and file. */
export class BridgedServer {
  port = 0;
  /** When the bridge has joined, in milliseconds since 1970; `undefined` while it has not. */
  joinedAt: number | undefined = undefined;
  /** Why it ended, unless it was killed. */
  failure: Error | undefined = undefined;
  readonly #file: string;
  readonly #brokerUrl: string;
  readonly #flags: readonly string[];
  #child: ChildProcess | undefined = undefined;
  #onReport: (report: ServerReport) => void = () => {};

  constructor(file: string, brokerUrl: string, flags: readonly string[]) {
    this.#file = file;
    this.#brokerUrl = brokerUrl;
    this.#flags = flags;
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    if (this.port === 0) this.port = await stablePort();
    const main = fileURLToPath(new URL('./server-main.js', import.meta.url));
    const env = { ...process.env, IMCORE_BRIDGE: this.#brokerUrl };
    const child = spawn(process.execPath, [main, this.#file, String(this.port), ...this.#flags], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child = child;
    this.joinedAt = undefined;
    const lines = createInterface({ input: child.stdout });
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => {
        if (this.#child !== child) return;
        this.failure = new Error(`the server ended with exit code ${code}`);
        reject(this.failure);
      });
      lines.on('line', (text) => {
        const { port, state, at, metrics, cpu } = JSON.parse(text) as Line;
        if (port !== undefined) {
          this.port = port;
          resolve();
        }
        if (state !== undefined) this.joinedAt = state === 'joined' ? at : undefined;
        if (metrics !== undefined && cpu !== undefined) this.#onReport({ metrics, cpu });
      });
    });
  }

  report(): Promise<ServerReport> {
    return new Promise((resolve) => {
      this.#onReport = resolve;
      this.#child?.stdin?.write('report\n');
    });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}
