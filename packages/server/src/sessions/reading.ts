import type { Clock, Instant, ReceivedPacket, Scheduled } from '@imcore/protocol';
import type { Connection } from '../gateways/gateway.js';
import type { LiveSession } from './live-session.js';

/**
 * Whether a session reads from its peer: not while an answer of the application is awaited, not faster than
 * allowed, not while a receiver of its messages cannot take more.
 *
 * What was read already when it had to stop waits here in order: on a stream that is at most one chunk, on UDP,
 * which cannot be paused, a limited number of packets.
 */
export class Reading {
  readonly #connection: Connection;
  readonly #maxDeferred: number;
  #state: 'handling' | 'blocked' | 'ended' = 'handling';
  #deferred: ReceivedPacket[] = [];
  #receivers: Set<LiveSession> | undefined = undefined;
  #pause: Scheduled | undefined = undefined;
  #isPaused = false;

  constructor(connection: Connection, maxDeferred: number) {
    this.#connection = connection;
    this.#maxDeferred = maxDeferred;
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
    return this.#deferred.length > 0;
  }

  /** Packets must wait until {@link unblock}. */
  block(): void {
    if (this.#state === 'handling') this.#state = 'blocked';
  }

  /** Keeps a packet for later. Returns false when there is no room: the packet is dropped. */
  defer(packet: ReceivedPacket): boolean {
    if (this.#state === 'ended') return true;
    if (this.#connection.transport === 'udp' && this.#deferred.length >= this.#maxDeferred) return false;
    this.#deferred.push(packet);
    this.#update();
    return true;
  }

  /** Handling goes on. Returns what has waited, oldest first; only {@link caughtUp} lets more be read. */
  unblock(): readonly ReceivedPacket[] {
    if (this.#state === 'blocked') this.#state = 'handling';
    const packets = this.#deferred;
    this.#deferred = [];
    return packets;
  }

  /** What {@link unblock} returned is handled, or waits again. */
  caughtUp(): void {
    this.#update();
  }

  /** Reads no more until `receiver` has caught up. */
  waitFor(receiver: LiveSession): void {
    this.#receivers ??= new Set();
    if (this.#state === 'ended' || this.#receivers.has(receiver)) return;
    this.#receivers.add(receiver);
    receiver.onCaughtUp(() => {
      this.#receivers?.delete(receiver);
      this.#update();
    });
    this.#update();
  }

  /** Reads no more until an instant. */
  pauseUntil(at: Instant, clock: Clock): void {
    if (this.#pause !== undefined || this.#state === 'ended') return;
    this.#pause = clock.schedule(at, () => {
      this.#pause = undefined;
      this.#update();
    });
    this.#update();
  }

  /** The session has ended. */
  end(): void {
    this.#state = 'ended';
    this.#deferred = [];
    this.#receivers = undefined;
    this.#pause?.cancel();
    this.#pause = undefined;
  }

  #update(): void {
    if (this.#state === 'ended') return;
    const mustPause =
      this.#deferred.length > 0 || this.#pause !== undefined || (this.#receivers?.size ?? 0) > 0;
    if (mustPause === this.#isPaused) return;
    this.#isPaused = mustPause;
    if (mustPause) this.#connection.pause();
    else this.#connection.resume();
  }
}
