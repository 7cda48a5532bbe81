import type { Instant, Scheduled } from '@imcore/protocol';
import { checkInteger } from '../check-options.js';
import type { ServerEvents } from '../events.js';
import type { Runtime } from '../runtime.js';
import type { Outlet } from '../users/outlet.js';
import type { Device } from '../users/user.js';
import type { UserRegistry } from '../users/user-registry.js';
import type { NodeInfo } from './cluster-listener.js';

/** Options of `ClusterView.drain`. */
export interface DrainOptions {
  /**
   * How many sessions are ended each second, 1 to 100 000. Default 200. Original clients come back all at the same time after
   * an end, so this is the number of logins each second that the other nodes get together.
   */
  readonly perSecond?: number | undefined;
  /** How long it takes at most, in milliseconds, 0 to 3 600 000. Sessions that are left stay open. Default 60 000. */
  readonly withinMs?: number | undefined;
}

/** For how long new users are still accepted, in milliseconds: load balancers notice late that the node drains. */
const LAG_MS = 5000;

/** Time between two small waves, in milliseconds. */
const SLICE_MS = 50;

/** How long another node may be silent before it counts as gone, in milliseconds: two beats, and as much as a frame may take. */
const SILENT_MS = 2500;

/** Number of the oldest sessions that are considered for each one to end: those with nothing under way are ended first. */
const CHOICE = 4;

/** What a drain needs of its server. */
interface DrainParts {
  readonly runtime: Runtime;
  readonly users: UserRegistry;
  /** The other nodes. */
  readonly nodes: () => readonly NodeInfo[];
  /** From now on new users are rejected, and the ports are closed where the transport can do that. */
  readonly rejectNewUsers: () => void;
}

interface Candidate {
  readonly session: Outlet;
  readonly device: Device;
}

/**
 * Sends the users of a node away in small waves, so that the other nodes get them one after the other: accepts new users for
 * 5 s more, and then ends sessions, oldest first. Connections are closed, not kicked out: a kick-out is final for original clients.
 *
 * While no other node takes users it waits: nobody is sent away who would find no server.
 */
export class Drain {
  readonly done: Promise<void>;
  readonly #parts: DrainParts;
  readonly #perSecond: number;
  readonly #until: Instant;
  #resolve: () => void = () => {};
  #next: Scheduled | undefined = undefined;
  #state: 'moving' | 'waiting' | 'ended' = 'moving';
  /** Sessions that are still to be ended, the oldest first. Some may have ended by themselves. */
  #queue: Candidate[] = [];
  /** What earlier slices have left of one session, in thousandths. */
  #share = 0;

  /** @throws UsageError `ERR_INVALID_OPTION` */
  constructor(parts: DrainParts, options: DrainOptions) {
    const { perSecond = 200, withinMs = 60_000 } = options;
    checkInteger('perSecond', perSecond, 1, 100_000);
    checkInteger('withinMs', withinMs, 0, 3_600_000);
    this.#parts = parts;
    this.#perSecond = perSecond;
    this.#until = parts.runtime.clock.now() + withinMs;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Whether another node takes users. */
  get canMove(): boolean {
    return this.#parts.nodes().some(({ state, silentMs }) => state === 'up' && silentMs < SILENT_MS);
  }

  start(): void {
    this.#report('started');
    this.#schedule(Math.min(this.#until, this.#parts.runtime.clock.now() + LAG_MS), () => this.#begin());
  }

  /** Ends no more sessions. */
  stop(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#next?.cancel();
    this.#next = undefined;
    this.#parts.runtime.metrics.clusterDrainWaiting = 0;
    this.#report('ended');
    this.#resolve();
  }

  #begin(): void {
    if (this.#mustWait()) {
      this.#wait(() => this.#begin());
      return;
    }
    this.#parts.rejectNewUsers();
    this.#wait(() => this.#endSome());
  }

  #wait(next: () => void): void {
    const now = this.#parts.runtime.clock.now();
    if (now >= this.#until || this.#parts.users.online().next().done === true) {
      this.stop();
      return;
    }
    this.#schedule(Math.min(this.#until, now + SLICE_MS), next);
  }

  #mustWait(): boolean {
    const mustWait = !this.canMove;
    if (mustWait !== (this.#state === 'waiting')) {
      this.#state = mustWait ? 'waiting' : 'moving';
      this.#parts.runtime.metrics.clusterDrainWaiting = mustWait ? 1 : 0;
      this.#report(mustWait ? 'waiting' : 'resumed');
    }
    return mustWait;
  }

  #report(state: ServerEvents['drain']['state']): void {
    const { events, metrics } = this.#parts.runtime;
    events.emit('drain', { state, users: metrics.usersOnline });
  }

  #endSome(): void {
    if (!this.#mustWait()) this.#endSlice();
    this.#wait(() => this.#endSome());
  }

  #endSlice(): void {
    this.#share += this.#perSecond * SLICE_MS;
    const count = Math.floor(this.#share / 1000);
    this.#share -= 1000 * count;
    if (count > 0) for (const session of this.#choose(count)) session.end();
  }

  #choose(count: number): Outlet[] {
    if (this.#queue.length < CHOICE * count) this.#collect();
    const oldest = this.#queue.splice(0, CHOICE * count).filter(isOpen);
    const chosen = [...oldest]
      .sort((a, b) => Number(hasUnderWay(a)) - Number(hasUnderWay(b)))
      .slice(0, count);
    const left = new Set(oldest);
    for (const candidate of chosen) left.delete(candidate);
    this.#queue.unshift(...left);
    return chosen.map(({ session }) => session);
  }

  #collect(): void {
    this.#queue = [];
    for (const user of this.#parts.users.online()) {
      for (const device of user.onlineDevices())
        if (device.session !== undefined) this.#queue.push({ session: device.session, device });
    }
    this.#queue.sort((a, b) => a.session.info.sessionId - b.session.info.sessionId);
  }

  #schedule(at: Instant, run: () => void): void {
    this.#next = this.#parts.runtime.clock.schedule(at, run);
  }
}

function isOpen({ session, device }: Candidate): boolean {
  return device.session === session;
}

function hasUnderWay({ device }: Candidate): boolean {
  return (device.inbox?.size ?? 0) > 0;
}
