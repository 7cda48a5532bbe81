import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { CutProxy } from './cut-proxy.js';
import { DevError } from './dev-error.js';
import {
  conditionAfter,
  conditionEnded,
  conditionListening,
  NEW_NODE,
  type NodeAction,
  type NodeCondition,
} from './node-condition.js';
import type { NodeNotice, NodeOrder, NodeReport } from './node-report.js';
import { LOOPBACK, type NodePorts } from './ports.js';

/** What a node needs. */
interface DevNodeOptions {
  readonly number: number;
  readonly ports: NodePorts;
  readonly store: string;
  /** URL of the bus, through the proxy. */
  readonly bus: string;
  readonly clusterName: string;
  readonly proxy: CutProxy;
  /** Called with everything that happens to it. */
  readonly tell: (text: string, isProblem: boolean) => void;
}

/** Share of the frames that are lost. */
const LOSS = 0.2;
const STOP_MS = 3000;
const KEPT_OUTPUT = 4000;

/** Waits for the end of descriptor 3, which comes with the end of this process however it ends. */
const WAKE = 'read -r _ <&3; kill -CONT "$1"';

/** A node in a process of its own. It is started again on the same ports. */
export class DevNode {
  readonly number: number;
  readonly ports: NodePorts;
  condition: NodeCondition = NEW_NODE;
  /** Of the running process; undefined before the first one. */
  report: NodeReport | undefined = undefined;
  readonly #options: DevNodeOptions;
  #child: ChildProcess | undefined = undefined;
  /** Wakes the paused process if this one ends: it could not notice that itself. */
  #waker: ChildProcess | undefined = undefined;
  #output = '';
  /** Whether the process was told to end: that it does so is no news. */
  #isEnding = false;

  constructor(options: DevNodeOptions) {
    this.number = options.number;
    this.ports = options.ports;
    this.#options = options;
  }

  get name(): string {
    return `node-${this.number}`;
  }

  get pid(): number | undefined {
    return this.condition.run === 'dead' ? undefined : this.#child?.pid;
  }

  /** Resolves when the action is done; a start when the process listens or has ended. @throws DevError `ERR_NOT_POSSIBLE` */
  async perform(action: NodeAction): Promise<void> {
    const next = conditionAfter(this.condition, action);
    if (next === undefined)
      throw new DevError(
        'ERR_NOT_POSSIBLE',
        `Node ${this.number} cannot ${action} now: it is ${this.condition.run}, its link is ${this.condition.link}`,
      );
    this.condition = next;
    const { proxy, tell } = this.#options;
    switch (action) {
      case 'kill':
        tell('killed with kill -9', true);
        return await this.#end('SIGKILL');
      case 'start':
        return await this.#start();
      case 'pause':
        this.#pause();
        return tell('paused with SIGSTOP: its clients notice within 5 s', true);
      case 'resume':
        this.#resume();
        return tell('resumed', false);
      case 'cut':
        proxy.cut();
        break;
      case 'loss':
      case 'heal':
        proxy.heal();
        break;
      default:
        action satisfies never;
    }
    this.#sendLoss();
    tell(
      {
        cut: 'cut off from the other nodes',
        loss: `loses ${LOSS * 100} % of the frames`,
        heal: 'link healed',
      }[action],
      action !== 'heal',
    );
  }

  /** Ends the process, if there is one: it gets 3 s to close its connections. */
  async stop(): Promise<void> {
    this.condition = { ...this.condition, run: 'dead' };
    this.#resume();
    await this.#end('SIGTERM');
  }

  #pause(): void {
    this.#waker = spawn('/bin/sh', ['-c', WAKE, 'sh', String(this.#child?.pid)], {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    this.#child?.kill('SIGSTOP');
  }

  #resume(): void {
    this.#endWaker();
    this.#child?.kill('SIGCONT');
  }

  #endWaker(): void {
    this.#waker?.kill('SIGKILL');
    this.#waker = undefined;
  }

  async #start(): Promise<void> {
    const earlier = this.#child;
    // One that was killed just now may still have the ports.
    if (earlier !== undefined && !hasEnded(earlier)) await once(earlier, 'close');
    if (this.#child !== earlier || this.condition.run !== 'starting') return;
    this.#isEnding = false;
    this.#output = '';
    this.report = undefined;
    const child = fork(new URL('./node-main.js', import.meta.url), {
      env: this.#environment(),
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-KEPT_OUTPUT);
      });
    const isCurrent = (): boolean => this.#child === child;
    child.on('message', (message: NodeReport | NodeNotice) => {
      if (!isCurrent() || this.#isEnding) return;
      if (message.kind === 'notice') this.#options.tell(message.text, false);
      else this.report = message;
    });
    child.on('close', (code, signal) => {
      if (isCurrent() && !this.#isEnding) this.#ended(code, signal);
    });
    await Promise.race([once(child, 'message'), once(child, 'close')]);
    if (!isCurrent() || this.#isEnding) return;
    this.condition = conditionListening(this.condition);
    this.#sendLoss();
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    this.report = undefined;
    if (this.condition.run === 'dead') return;
    const last = this.#output.trim().split('\n').slice(-2).join(' ');
    const reason = `${code === null ? signal : `exit code ${code}`}${last === '' ? '' : `: ${last}`}`;
    this.condition = conditionEnded(this.condition, reason);
    this.#options.tell(`ended by itself: ${reason}`, true);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#endWaker();
    const child = this.#child;
    this.report = undefined;
    if (child === undefined || hasEnded(child)) return;
    this.#isEnding = true;
    const closed = once(child, 'close');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await closed;
    clearTimeout(timer);
  }

  #sendLoss(): void {
    const order: NodeOrder = { loss: this.condition.link === 'lossy' ? LOSS : 0 };
    if (this.#child?.connected === true) this.#child.send(order, () => {});
  }

  /** The settings of `imcore serve`. URLs with passwords are not visible in the list of processes. */
  #environment(): NodeJS.ProcessEnv {
    const { ports, store, bus, clusterName } = this.#options;
    const others = Object.entries(process.env).filter(([name]) => !name.startsWith('IMCORE_'));
    return {
      ...Object.fromEntries(others),
      IMCORE_HOST: LOOPBACK,
      IMCORE_TCP_PORT: String(ports.tcp),
      IMCORE_UDP_PORT: String(ports.udp),
      IMCORE_WS_PORT: String(ports.webSocket),
      IMCORE_WS_ORIGINS: [LOOPBACK, 'localhost'].map((host) => `http://${host}:${ports.page}`).join(),
      IMCORE_HTTP: String(ports.page),
      IMCORE_HTTP_HOST: LOOPBACK,
      IMCORE_SENSE_MODE: '3',
      IMCORE_STORE: store,
      IMCORE_CLUSTER: bus,
      IMCORE_CLUSTER_NAME: clusterName,
      IMCORE_NODE_ID: this.name,
      IMCORE_LOG_LEVEL: 'error',
      IMCORE_LOG_FORMAT: 'text',
    };
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
