import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TransportKind } from '@imcore/protocol';
import { Inbox } from './inbox.js';

const PROGRAM = fileURLToPath(new URL('../../packages/testkit/dist/conformance/harness.js', import.meta.url));
export const HOST = '127.0.0.1';

/** An event line of the harness. */
interface HarnessEvent {
  readonly ev: string;
  readonly [member: string]: unknown;
}

export type Ports = Readonly<Record<TransportKind, number>>;

/** The exit code or signal of a process. */
interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process of the harness. */
export class HarnessProcess {
  readonly ports: Ports;
  readonly events: Inbox<HarnessEvent>;
  readonly #process: ChildProcess;
  readonly #ended: Promise<Ending>;

  private constructor(
    process: ChildProcess,
    ended: Promise<Ending>,
    events: Inbox<HarnessEvent>,
    ports: Ports,
  ) {
    this.#process = process;
    this.#ended = ended;
    this.events = events;
    this.ports = ports;
  }

  /** Starts it on free ports, or on the given ones. */
  static async start(args: readonly string[] = [], ports?: Ports): Promise<HarnessProcess> {
    const fixed = ports && ['--tcp', ports.tcp, '--udp', ports.udp, '--ws', ports.websocket].map(String);
    const child = spawn(process.execPath, [PROGRAM, '--host', HOST, ...(fixed ?? []), ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }) as Ending);
    const events = new Inbox<HarnessEvent>();
    if (child.stdout === null) throw new Error('the harness has no stdout');
    createInterface({ input: child.stdout }).on('line', (line) =>
      events.push(JSON.parse(line) as HarnessEvent),
    );
    const { tcp, udp, ws } = await events.first(({ ev }) => ev === 'listening', 'listening event');
    const real = { tcp: Number(tcp), udp: Number(udp), websocket: Number(ws) };
    return new HarnessProcess(child, ended, events, real);
  }

  command(command: object | string): void {
    this.#process.stdin?.write(`${typeof command === 'string' ? command : JSON.stringify(command)}\n`);
  }

  /** The first event of this kind with these members, past or future. */
  async event(
    ev: string,
    members: Readonly<Record<string, unknown>> = {},
    deadlineMs?: number,
  ): Promise<HarnessEvent> {
    return await this.events.first(matches(ev, members), describe(ev, members), deadlineMs);
  }

  /** How many such events have arrived. */
  count(ev: string, members: Readonly<Record<string, unknown>> = {}): number {
    return this.events.items.filter(matches(ev, members)).length;
  }

  /** Ends it by closing its input. */
  async stop(): Promise<Ending> {
    this.#process.stdin?.end();
    return await this.#ended;
  }

  async signal(signal: NodeJS.Signals): Promise<Ending> {
    this.#process.kill(signal);
    return await this.#ended;
  }

  /** Stops the process with SIGSTOP: it does not respond until {@link thaw}. */
  freeze(): void {
    this.#process.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process.kill('SIGCONT');
  }
}

function matches(ev: string, members: Readonly<Record<string, unknown>>): (event: HarnessEvent) => boolean {
  return (event) =>
    event.ev === ev && Object.entries(members).every(([name, value]) => event[name] === value);
}

function describe(ev: string, members: Readonly<Record<string, unknown>>): string {
  return `${ev} event with ${JSON.stringify(members)}`;
}
