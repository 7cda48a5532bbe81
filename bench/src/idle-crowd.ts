import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { pinned, type ServerUnderLoad } from './server-under-load.js';

/** Users who are logged in and say nothing but that they are there: a process of its own on the second core. */
export class IdleCrowd {
  readonly users: number;
  /** From the first connection to the last answered login. */
  readonly seconds: number;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, users: number, seconds: number) {
    this.#process = process;
    this.users = users;
    this.seconds = seconds;
  }

  /** Logs `connections` users in, `at` of them at a time. */
  static async logIn(
    server: ServerUnderLoad,
    transport: 'tcp' | 'udp' | 'ws',
    connections: number,
    at: number,
  ): Promise<IdleCrowd> {
    const flags = ['--transport', transport, '--port', server.ports[transport], '--at', at];
    const command = [
      process.execPath,
      'bench/dist/idle-generator.js',
      ...flags,
      '--connections',
      connections,
    ];
    const [program = '', ...rest] = pinned('1', command.map(String));
    const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const { ready, seconds } = JSON.parse(line) as { ready: number; seconds: number };
    return new IdleCrowd(child, ready, seconds);
  }

  async leave(): Promise<void> {
    const gone = once(this.#process, 'exit');
    this.#process.stdin?.end();
    await gone;
  }
}
