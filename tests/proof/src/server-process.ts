import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stablePort } from './stable-port.js';

/** Ports of the three transports. */
export interface Ports {
  readonly tcp: number;
  readonly udp: number;
  readonly ws: number;
}

/** How to run the server process. */
interface ProcessOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly nodeFlags?: readonly string[];
  /** Called with each line that the process prints. */
  readonly onLine?: (line: string) => void;
}

/** A server process. It can be killed and started again on the same ports and file. */
export class ServerProcess {
  readonly #file: string;
  readonly #flags: readonly string[];
  readonly #options: ProcessOptions;
  #child: ChildProcess | undefined;
  #ports: Ports | undefined;

  constructor(file: string, flags: readonly string[], options: ProcessOptions = {}) {
    this.#file = file;
    this.#flags = flags;
    this.#options = options;
  }

  /** @throws Error before the first start. */
  get ports(): Ports {
    if (this.#ports === undefined) throw new Error('the server was not started');
    return this.#ports;
  }

  /** Resolves when it listens; rejects when it ends before. */
  async start(): Promise<void> {
    const main = fileURLToPath(new URL('./server-main.js', import.meta.url));
    this.#ports ??= { tcp: await stablePort(), udp: await stablePort(), ws: await stablePort() };
    const { tcp, udp, ws } = this.#ports;
    const { environment = {}, nodeFlags = [], onLine } = this.#options;
    const args = [...nodeFlags, main, this.#file, String(tcp), String(udp), String(ws), ...this.#flags];
    const env = { ...process.env, ...environment };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    const lines = createInterface({ input: child.stdout });
    if (onLine !== undefined) lines.on('line', onLine);
    const first = await Promise.race([once(lines, 'line'), once(child, 'exit')]);
    const line: unknown = first[0];
    if (typeof line !== 'string')
      throw new Error(`the server ended before it listened, exit code ${String(line)}`);
  }

  /** Ends it with SIGKILL: no handler runs. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}
