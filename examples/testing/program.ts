import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A program of the examples that runs. */
export class Program {
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  #printed = '';
  #wake: () => void = () => {};

  constructor(path: string, environment: Readonly<Record<string, string>> = {}) {
    const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
    this.#child = spawn(process.execPath, [file], { env: { ...process.env, ...environment } });
    const print = (chunk: Buffer): void => {
      this.#printed += chunk;
      this.#wake();
    };
    this.#child.stdout?.on('data', print);
    this.#child.stderr?.on('data', print);
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        resolve(code);
        this.#wake();
      });
    });
  }

  /** Waits for a text among what it prints. */
  async prints(pattern: RegExp): Promise<RegExpMatchArray> {
    for (;;) {
      const match = this.#printed.match(pattern);
      if (match !== null) return match;
      if (this.#child.exitCode !== null) throw new Error(`it ended and had printed: ${this.#printed}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Asks it to end, and waits. Returns its exit code. */
  stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.ended;
  }
}
