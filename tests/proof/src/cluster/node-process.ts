import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Ports } from '../server-process.js';
import { stablePort } from '../stable-port.js';

/** The program of a node, as built from this checkout. */
export const MAIN = fileURLToPath(new URL('./node-main.js', import.meta.url));

export const FAULTS = ['early', 'deaf', 'blind'] as const;

/** A rule that the nodes break on purpose: see `node-main.ts`. */
export type NodeFault = (typeof FAULTS)[number];

/** What a node says of itself each 500 ms. */
export interface NodeReport {
  /** Users with a session at this node. */
  readonly users: readonly string[];
  /** The other nodes that it knows. */
  readonly nodes: readonly string[];
  /** Number of users that it believes to be online anywhere. */
  readonly known: number;
  /** Users whose waiting messages may be overtaken, because the store did not answer, since the last report; with the time. */
  readonly delayed: readonly { readonly userId: string; readonly at: number }[];
}

/**
 * A node in its own process. It can be killed and started again on the same ports. The first start runs the first
 * of its programs, each other start one of them at random.
 */
export class NodeProcess {
  readonly nodeId: string;
  readonly ports: Ports;
  /** The last report. Undefined while it does not run. */
  report: NodeReport | undefined = undefined;
  readonly #onReport: (nodeId: string, report: NodeReport) => void;
  readonly #programs: readonly string[];
  readonly #args: readonly string[];
  #starts = 0;
  #child: ChildProcess | undefined = undefined;

  private constructor(
    nodeId: string,
    ports: Ports,
    programs: readonly string[],
    args: readonly string[],
    onReport: (nodeId: string, report: NodeReport) => void,
  ) {
    this.nodeId = nodeId;
    this.ports = ports;
    this.#programs = programs;
    this.#args = args;
    this.#onReport = onReport;
  }

  static async create(
    nodeId: string,
    store: string,
    nats: string,
    fault: NodeFault | undefined,
    programs: readonly string[],
    onReport: (nodeId: string, report: NodeReport) => void,
  ): Promise<NodeProcess> {
    const ports = { tcp: await stablePort(), udp: await stablePort(), ws: await stablePort() };
    const numbers = [ports.tcp, ports.udp, ports.ws].map(String);
    const faults = fault === undefined ? [] : [fault];
    return new NodeProcess(nodeId, ports, programs, [nodeId, store, nats, ...numbers, ...faults], onReport);
  }

  get isRunning(): boolean {
    return this.report !== undefined;
  }

  /** Resolves when it listens. @throws Error when it ends before. */
  async start(): Promise<void> {
    const index = this.#starts === 0 ? 0 : Math.floor(Math.random() * this.#programs.length);
    this.#starts += 1;
    const child = spawn(process.execPath, [this.#programs[index] ?? MAIN, ...this.#args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      if (this.#child === child) this.#take(JSON.parse(line) as NodeReport);
    });
    child.on('exit', () => {
      if (this.#child === child) this.report = undefined;
    });
    await Promise.race([once(lines, 'line'), once(child, 'exit')]);
    if (child.exitCode !== null) throw new Error(`node ${this.nodeId} ended, exit code ${child.exitCode}`);
  }

  /** `SIGKILL` ends it at once, `SIGTERM` lets it close its server. Resolves when it has ended. */
  async stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    this.report = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  #take(report: NodeReport): void {
    this.report = report;
    this.#onReport(this.nodeId, report);
  }
}
