import type { Instant, ReceivedPacket, Scheduled } from '@imcore/protocol';
import type { LimitName } from '../events.js';
import type { Connection } from '../ports/transport.js';
import type { Runtime } from '../runtime.js';
import { MAX_WAIT_MS, type Outlet } from '../users/outlet.js';

/** What a session may send at once: two seconds' worth. */
const BURST_MS = 2000;

/** Packets of a peer that cannot be paused that wait for a hook's answer. Those beyond are dropped. */
const MAX_DEFERRED = 64;

const NONE: readonly ReceivedPacket[] = [];

/** Learns of each packet that comes faster than allowed, or finds no room. */
export interface LimitReports {
  limited(limit: LimitName, value: number): void;
}

/**
 * Whether a session reads from its peer: not while an answer of the application is awaited, not faster than
 * allowed, not while a receiver of its messages cannot take more.
 *
 * What was read already when it had to stop waits here in order: on a stream that is at most one chunk, on UDP,
 * which cannot be paused, a limited number of packets.
 */
export class Inbound {
  readonly #connection: Connection;
  readonly #runtime: Runtime;
  readonly #reports: LimitReports;
  #state: 'handling' | 'blocked' | 'ended' = 'handling';
  /** Empty for nearly all of a session's life, and then not there. */
  #deferred: ReceivedPacket[] | undefined = undefined;
  #receivers: Map<Outlet, Scheduled> | undefined = undefined;
  #pause: Scheduled | undefined = undefined;
  #isPaused = false;
  /** When a sender at exactly the allowed rate would have sent what this one has: a token bucket in one number. */
  #emptyAt: Instant = 0;

  constructor(connection: Connection, runtime: Runtime, reports: LimitReports) {
    this.#connection = connection;
    this.#runtime = runtime;
    this.#reports = reports;
  }

  /** Whether nothing is being read from the peer now. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Whether data packets must wait. */
  get isBlocked(): boolean {
    return this.#state === 'blocked';
  }

  get hasDeferred(): boolean {
    return this.#deferred !== undefined;
  }

  /** Packets must wait until {@link unblock}. */
  block(): void {
    if (this.#state === 'handling') this.#state = 'blocked';
  }

  /** Keeps a packet for later. Returns false when there is no room: the packet is dropped. */
  defer(packet: ReceivedPacket): boolean {
    if (this.#state === 'ended') return true;
    const deferred = this.#deferred ?? [];
    if (!this.#connection.canPause && deferred.length >= MAX_DEFERRED) {
      this.#runtime.metrics.limitDeferredPackets += 1;
      this.#reports.limited('deferredPackets', MAX_DEFERRED);
      return false;
    }
    deferred.push(packet);
    this.#deferred = deferred;
    this.update();
    return true;
  }

  /** Handling continues. Returns what has waited, oldest first; only {@link update} lets more be read. */
  unblock(): readonly ReceivedPacket[] {
    if (this.#state === 'blocked') this.#state = 'handling';
    const packets = this.#deferred ?? NONE;
    this.#deferred = undefined;
    return packets;
  }

  /** Reads no more until `receiver` has caught up, for {@link MAX_WAIT_MS} at the longest. */
  waitFor(receiver: Outlet): void {
    this.#receivers ??= new Map();
    if (this.#state === 'ended' || this.#receivers.has(receiver)) return;
    const { clock } = this.#runtime;
    const resume = (): void => {
      this.#receivers?.get(receiver)?.cancel();
      this.#receivers?.delete(receiver);
      this.update();
    };
    this.#receivers.set(receiver, clock.schedule(clock.now() + MAX_WAIT_MS, resume));
    receiver.onCaughtUp(resume);
    this.update();
  }

  /** Counts a packet. Returns false when it comes too fast and is dropped; a stream is read more slowly instead. */
  admits(now: Instant): boolean {
    const { limits, metrics, clock } = this.#runtime;
    this.#emptyAt = Math.max(this.#emptyAt, now) + 1000 / limits.packetsPerSecond;
    const waitMs = this.#emptyAt - now - BURST_MS;
    if (waitMs <= 0) return true;
    metrics.limitPackets += 1;
    this.#reports.limited('packetsPerSecond', limits.packetsPerSecond);
    if (!this.#connection.canPause) return false;
    if (this.#pause === undefined && this.#state !== 'ended') {
      this.#pause = clock.schedule(now + waitMs, () => {
        this.#pause = undefined;
        this.update();
      });
      this.update();
    }
    return true;
  }

  /** The session has ended. */
  end(): void {
    this.#state = 'ended';
    this.#deferred = undefined;
    for (const wait of this.#receivers?.values() ?? []) wait.cancel();
    this.#receivers = undefined;
    this.#pause?.cancel();
    this.#pause = undefined;
  }

  /** Pauses the peer or lets it go on, whichever holds now. After {@link unblock}, once what it returned is handled. */
  update(): void {
    if (this.#state === 'ended') return;
    const mustPause =
      this.#deferred !== undefined || this.#pause !== undefined || (this.#receivers?.size ?? 0) > 0;
    if (mustPause === this.#isPaused) return;
    this.#isPaused = mustPause;
    if (mustPause) this.#connection.pause();
    else this.#connection.resume();
  }
}
