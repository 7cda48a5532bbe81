import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

interface Ports {
  readonly tcp?: number | undefined;
  readonly udp?: number | undefined;
  readonly ws?: number | undefined;
  readonly mqtt?: number | undefined;
}

/** How to start a server that is to be measured. */
export interface ServerSpec {
  readonly name: string;
  readonly command: readonly string[];
  readonly folder?: string;
  /** Where it listens; undefined: it prints that as its first line, in JSON. */
  readonly ports?: Ports;
}

/** A running server. */
export class ServerUnderLoad {
  readonly name: string;
  readonly ports: Ports;
  readonly #process: ChildProcess;

  private constructor(name: string, ports: Ports, process: ChildProcess) {
    this.name = name;
    this.ports = ports;
    this.#process = process;
  }

  /** Holds the process on the cores with these numbers, the first by default, where the system can. */
  static async start(spec: ServerSpec, cores = '0'): Promise<ServerUnderLoad> {
    const [program = '', ...rest] = pinned(cores, spec.command);
    const child = spawn(program, rest, {
      cwd: spec.folder,
      stdio: ['ignore', 'pipe', 'ignore', ...(spec.ports === undefined ? (['ipc'] as const) : [])],
    });
    child.on('error', () => {});
    const ports = spec.ports ?? (await firstLine(child, spec.name));
    if (spec.ports !== undefined) {
      child.stdout?.resume();
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    if (child.exitCode !== null || child.pid === undefined) throw new Error(`${spec.name} did not start`);
    return new ServerUnderLoad(spec.name, ports, child);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Asks the process a question over its channel. */
  async ask(question: string): Promise<unknown> {
    this.#process.send(question);
    const [answer] = await once(this.#process, 'message');
    return answer;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    const force = setTimeout(() => this.#process.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(force);
  }
}

/** A command on one core, where the system can hold a process there. */
export function pinned(core: string, command: readonly string[]): readonly string[] {
  return process.platform === 'linux' ? ['taskset', '-c', core, ...command] : command;
}

async function firstLine(child: ChildProcess, name: string): Promise<Ports> {
  if (child.stdout === null) throw new Error(`${name} has no output`);
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(() => {
      throw new Error(`${name} ended before it listened`);
    }),
  ])) as [string];
  return JSON.parse(line) as Ports;
}
