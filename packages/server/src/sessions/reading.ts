import type { Clock, Instant, ReceivedPacket, Scheduled } from '@imcore/protocol';
import type { LimitName } from '../events.js';
import type { ServerLimits } from '../limits.js';
import type { ServerMetrics } from '../metrics.js';
import type { Connection } from '../transports/transport.js';
import { type LiveSession, MAX_WAIT_MS } from './live-session.js';
import { countPacket, waitOf } from './packet-rate.js';

export interface ReadingParts {
  readonly clock: Clock;
  readonly metrics: ServerMetrics;
  readonly limits: ServerLimits;
}

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
export class Reading {
  readonly #connection: Connection;
  readonly #parts: ReadingParts;
  readonly #reports: LimitReports;
  #state: 'handling' | 'blocked' | 'ended' = 'handling';
  /** Empty for nearly all of a session's life, and then not there. */
  #deferred: ReceivedPacket[] | undefined = undefined;
  #receivers: Map<LiveSession, Scheduled> | undefined = undefined;
  #pause: Scheduled | undefined = undefined;
  #isPaused = false;
  /** See {@link countPacket}. */
  #emptyAt: Instant = 0;

  constructor(connection: Connection, parts: ReadingParts, reports: LimitReports) {
    this.#connection = connection;
    this.#parts = parts;
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
    const { limits, metrics } = this.#parts;
    if (this.#connection.transport === 'udp' && deferred.length >= limits.maxDeferredPackets) {
      metrics.limitDeferredPackets += 1;
      this.#reports.limited('maxDeferredPackets', limits.maxDeferredPackets);
      return false;
    }
    deferred.push(packet);
    this.#deferred = deferred;
    this.#update();
    return true;
  }

  /** Handling goes on. Returns what has waited, oldest first; only {@link caughtUp} lets more be read. */
  unblock(): readonly ReceivedPacket[] {
    if (this.#state === 'blocked') this.#state = 'handling';
    const packets = this.#deferred ?? NONE;
    this.#deferred = undefined;
    return packets;
  }

  /** What {@link unblock} returned is handled, or waits again. */
  caughtUp(): void {
    this.#update();
  }

  /** Reads no more until `receiver` has caught up, for {@link MAX_WAIT_MS} at the longest. */
  waitFor(receiver: LiveSession): void {
    this.#receivers ??= new Map();
    if (this.#state === 'ended' || this.#receivers.has(receiver)) return;
    const { clock } = this.#parts;
    const goOn = (): void => {
      this.#receivers?.get(receiver)?.cancel();
      this.#receivers?.delete(receiver);
      this.#update();
    };
    this.#receivers.set(receiver, clock.schedule(clock.now() + MAX_WAIT_MS, goOn));
    receiver.onCaughtUp(goOn);
    this.#update();
  }

  /** Counts a packet. Returns false when it comes too fast and is dropped; a stream is read more slowly instead. */
  admits(now: Instant): boolean {
    const { limits, metrics, clock } = this.#parts;
    this.#emptyAt = countPacket(this.#emptyAt, now, limits.packetsPerSecond);
    const waitMs = waitOf(this.#emptyAt, now);
    if (waitMs === 0) return true;
    metrics.limitPackets += 1;
    this.#reports.limited('packetsPerSecond', limits.packetsPerSecond);
    if (this.#connection.transport === 'udp') return false;
    if (this.#pause === undefined && this.#state !== 'ended') {
      this.#pause = clock.schedule(now + waitMs, () => {
        this.#pause = undefined;
        this.#update();
      });
      this.#update();
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

  #update(): void {
    if (this.#state === 'ended') return;
    const mustPause =
      this.#deferred !== undefined || this.#pause !== undefined || (this.#receivers?.size ?? 0) > 0;
    if (mustPause === this.#isPaused) return;
    this.#isPaused = mustPause;
    if (mustPause) this.#connection.pause();
    else this.#connection.resume();
  }
}
