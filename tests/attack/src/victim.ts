import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SenseMode, ServerLimits } from '@imcore/server';

/** How the server under attack is set up. */
export interface VictimOptions {
  readonly limits?: Partial<ServerLimits>;
  /** `silent`: in memory, and answers nothing while it is told so. Default none. */
  readonly store?: 'none' | 'memory' | 'silent' | { readonly file: string; readonly maxTotalBytes?: number };
  /** PEM texts: TLS on TCP and WebSocket. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Default 15. */
  readonly senseMode?: SenseMode;
  /** Whether TCP connections of proxies begin with a PROXY header. Default `off`. */
  readonly proxyProtocol?: 'off' | 'optional' | 'required';
  /** Addresses of proxies. Default none, unless `exemptsLoopback`. */
  readonly trustedProxies?: readonly string[];
  /** Whether loopback is exempt from the limits per address. Default false: the attackers come from there. */
  readonly exemptsLoopback?: boolean;
}

/** The state of the server, as it reports it. */
export interface VictimState {
  readonly metrics: Readonly<Record<string, number>>;
  /** How often each limit was reported. */
  readonly limited: Readonly<Record<string, number>>;
  /** How often each error was reported, by code. */
  readonly errors: Readonly<Record<string, number>>;
  /** The longest delay of the event loop since the state was last asked for. */
  readonly maxLoopDelayMs: number;
}

/** The ports of the server. */
interface VictimPorts {
  readonly tcp: number;
  readonly udp: number;
  readonly ws: number;
}

/** How long the server may take to report its state, in milliseconds. */
const REPORT_MS = 10_000;

/** A server in a process of its own, which an attack may stop, starve and kill. */
export class Victim {
  readonly ports: VictimPorts;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, ports: VictimPorts) {
    this.#child = child;
    this.ports = ports;
  }

  /** Starts the server. Resolves when it listens; rejects if it ends before. */
  static async start(options: VictimOptions = {}, nodeFlags: readonly string[] = []): Promise<Victim> {
    const main = fileURLToPath(new URL('./victim-main.js', import.meta.url));
    const child = fork(main, [JSON.stringify(options)], { execArgv: [...nodeFlags], stdio: 'inherit' });
    const ports = await answerOf<VictimPorts>(child);
    return new Victim(child, ports);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Whether the process has not ended. */
  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Asks the server for its state. Rejects if it has ended or does not answer in time. */
  async state(): Promise<VictimState> {
    if (!this.isAlive) throw new Error('the server has ended');
    const answer = answerOf<VictimState>(this.#child);
    this.#child.send('state');
    return await answer;
  }

  /** Tells a store that is `silent` to answer nothing, or to answer again. */
  send(command: 'silence' | 'answer'): void {
    this.#child.send(command);
  }

  /** Resident memory, in bytes. */
  rssBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024;
  }

  /** Number of open file descriptors. */
  openFiles(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  /** Stops the process as a suspended machine does. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    if (!this.isAlive) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}

/** The next message of a process. Rejects if it ends, or does not answer in time. */
async function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  const signal = AbortSignal.timeout(REPORT_MS);
  const ended = once(child, 'exit', { signal }).then(([code, by]) => {
    throw new Error(`the server has ended with ${code ?? by}`);
  });
  const [answer] = (await Promise.race([once(child, 'message', { signal }), ended])) as [Answer];
  ended.catch(() => {});
  return answer;
}
