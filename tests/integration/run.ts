import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../packages/cli/bin/imcore.js', import.meta.url));
/** Settings of a server that listens on free ports of this machine, without the chat page. */
export const FREE_PORTS = [
  ...['--host', '127.0.0.1', '--tcp-port', '0', '--udp-port', '0', '--ws-port', '0'],
  ...['--http', 'off'],
];

/** A process of the `imcore` command, and its output so far. */
export class Run {
  readonly process: ChildProcessWithoutNullStreams;
  readonly exited: Promise<number | null>;
  output = '';
  errors = '';
  #waiters: (() => void)[] = [];

  constructor(...args: string[]) {
    this.process = spawn(process.execPath, [COMMAND, ...args], { env: { PATH: process.env['PATH'] } });
    this.process.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      this.#wake();
    });
    this.process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
      this.#wake();
    });
    this.exited = once(this.process, 'close').then(([code]: (number | null)[]) => code ?? null);
    void this.exited.then(() => this.#wake());
  }

  type(line: string): void {
    this.process.stdin.write(`${line}\n`);
  }

  /** Resolves when it has written the text to stdout or stderr. @throws Error when it ends before. */
  async says(text: string): Promise<void> {
    while (!this.output.includes(text) && !this.errors.includes(text)) {
      if (this.process.exitCode !== null)
        throw new Error(`ended without "${text}":\n${this.output}${this.errors}`);
      await new Promise<void>((wake) => this.#waiters.push(wake));
    }
  }

  /** The address of a transport that the server has printed. */
  url(scheme: string): string {
    const [url] = new RegExp(`${scheme}://\\S+`).exec(this.errors) ?? [];
    if (url === undefined) throw new Error(`no ${scheme} address in:\n${this.errors}`);
    return url;
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}
