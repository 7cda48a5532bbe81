import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Kind, WINDOW } from './proof-client.js';
import type { Ports } from './server-process.js';

const MAIN = fileURLToPath(new URL('./sender-main.js', import.meta.url));

/** A process that sends through an outbox. It can be killed and started again with the same outbox. */
export class SenderProcess {
  readonly kind: Kind;
  readonly #ports: Ports;
  readonly #folder: string;
  readonly #flags: readonly string[];
  readonly #accepted: (number: number) => void;
  #child: ChildProcessByStdio<Writable, Readable, null> | undefined;
  #next = 0;

  /** @param accepted called with each number that the outbox has accepted. */
  constructor(
    kind: Kind,
    ports: Ports,
    folder: string,
    flags: readonly string[],
    accepted: (number: number) => void,
  ) {
    this.kind = kind;
    this.#ports = ports;
    this.#folder = folder;
    this.#flags = flags;
    this.#accepted = accepted;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  start(): void {
    const { tcp, udp, ws } = this.#ports;
    const first = this.#next;
    this.#used(first);
    const values = [this.kind, tcp, udp, ws, this.kind, this.#folder, first].map(String);
    const child = spawn(process.execPath, [MAIN, ...values, ...this.#flags], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const number = Number(line);
      this.#accepted(number);
      this.#used(number);
    });
  }

  /** A killed process may have used a number, and after it so many more that it had not printed. */
  #used(number: number): void {
    this.#next = Math.max(this.#next, number + 1 + 4 * WINDOW[this.kind]);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const gone = once(child, 'close');
    child.kill('SIGKILL');
    await gone;
  }

  /** Lets it deliver the remaining messages. Resolves when it has ended; kills it after `withinMs`. */
  async finish(withinMs: number): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = once(child, 'close');
    child.stdin.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
    await gone;
    clearTimeout(timer);
  }
}
