import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { built } from './run-program.js';

/** How a receiver gets its messages. */
export type Receiving = 'listener' | 'messages' | 'manual';

const HANDLE = `
  const handle = async (number) => {
    console.log('begins', number);
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (number >= Number(process.env.HANGS_FROM)) await new Promise(() => {});
    console.log('handled', number);
  };`;

const PROGRAMS: Readonly<Record<Receiving, string>> = {
  listener: `client.on('message', ({ content }) => handle(Number(content)));`,
  messages: `(async () => {
    for await (const { content } of client.messages()) await handle(Number(content));
  })();`,
  manual: `client.on('message', (message) => {
    handle(Number(message.content)).then(() => message.acknowledge());
  });`,
};

/** A program of a user who receives numbers, in a process that can be killed. */
export class ReceiverProcess {
  readonly handled: number[] = [];
  readonly begun: number[] = [];
  readonly #process: ChildProcess;
  #changed: () => void = () => {};

  /** With `outbox`, a folder, it remembers what it has handled. Its handling of numbers from `hangsFrom` never ends. */
  constructor(how: Receiving, url: string, outbox: string | undefined, hangsFrom = Number.POSITIVE_INFINITY) {
    const text = `
      import { createClient, fileOutbox } from '${built('client/dist/node/index.js')}';
      ${HANDLE}
      const { OUTBOX, URL } = process.env;
      const client = createClient({
        url: URL,
        ...(OUTBOX !== '' && { outbox: fileOutbox(OUTBOX), remember: 100 }),
        ${how === 'manual' ? `acknowledge: 'manual',` : ''}
      });
      ${PROGRAMS[how]}
      await client.login({ userId: 'bob' });`;
    this.#process = spawn(process.execPath, ['--input-type=module', '--eval', text], {
      env: { ...process.env, URL: url, OUTBOX: outbox ?? '', HANGS_FROM: String(hangsFrom) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (this.#process.stdout === null) throw new Error('the process has no output');
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      const [what, number] = line.split(' ');
      (what === 'handled' ? this.handled : this.begun).push(Number(number));
      this.#changed();
    });
  }

  /** Resolves when a condition holds, which is checked after each line. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** Kills the process with SIGKILL. Resolves when it has ended and its output is read. */
  async kill(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('close', resolve));
    this.#process.kill('SIGKILL');
    await ended;
  }
}
