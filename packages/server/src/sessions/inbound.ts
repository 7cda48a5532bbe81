import type { Instant, ReceivedPacket, Scheduled } from '@imcore/protocol';
import { bytesOf } from '../delivery/bytes-under-way.js';
import type { LimitName } from '../events.js';
import type { Connection } from '../ports/transport.js';
import type { Runtime } from '../runtime.js';
import { MAX_WAIT_MS, type Outlet } from '../users/outlet.js';

/** The burst that a session may send at once: the packets of two seconds. */
const BURST_MS = 2000;

/** How long a session with much under way is not read, in milliseconds. After that it may send one chunk before the next pause. */
const SLOW_DOWN_MS = 100;

/** Maximum number of packets that wait for a hook, for a peer that cannot be paused. Further packets are dropped. */
const MAX_DEFERRED = 64;

const NONE: readonly ReceivedPacket[] = [];

/** The session that an inbound side belongs to. It holds what both sides of a session need, to save memory. */
export interface InboundOwner {
  readonly connection: Connection;
  readonly runtime: Runtime;
  /** Called when a packet exceeds a limit. */
  limited(limit: LimitName, value: number): void;
}

/**
 * Decides when a session reads from its peer. It pauses while a hook is being asked, while the peer sends too fast, and
 * while a receiver of its messages reads too slowly.
 *
 * Packets that were already read wait here in order: on a stream at most one chunk, on UDP, which cannot be paused, a
 * limited number of packets.
 */
export class Inbound {
  readonly #owner: InboundOwner;
  #state: 'handling' | 'blocked' | 'ended' = 'handling';
  /** Undefined while empty, as it nearly always is. */
  #deferred: ReceivedPacket[] | undefined = undefined;
  #receivers: Map<Outlet, Scheduled> | undefined = undefined;
  #pause: Scheduled | undefined = undefined;
  #isPaused = false;
  /** A token bucket in one number: when a sender at exactly the allowed rate would have sent as many packets. */
  #emptyAt: Instant = 0;

  constructor(owner: InboundOwner) {
    this.#owner = owner;
  }

  /** Whether reading from the peer is paused. */
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

  /** Keeps a packet for later. Returns false if too many wait: the packet is dropped. */
  defer(packet: ReceivedPacket): boolean {
    if (this.#state === 'ended') return true;
    const deferred = this.#deferred ?? [];
    if (!this.#owner.connection.canPause && deferred.length >= MAX_DEFERRED) {
      this.#owner.runtime.metrics.limitDeferredPackets += 1;
      this.#owner.limited('deferredPackets', MAX_DEFERRED);
      return false;
    }
    deferred.push(packet);
    this.#deferred = deferred;
    this.#owner.runtime.underWay.addOfReceiver(bytesOf(packet.body));
    this.update();
    return true;
  }

  /** Ends {@link block}. Returns the packets that have waited, oldest first. Reading resumes with {@link update}. */
  unblock(): readonly ReceivedPacket[] {
    if (this.#state === 'blocked') this.#state = 'handling';
    return this.#takeDeferred();
  }

  /** Pauses reading until `receiver` has caught up, for {@link MAX_WAIT_MS} at most. */
  waitFor(receiver: Outlet): void {
    this.#receivers ??= new Map();
    if (this.#state === 'ended' || this.#receivers.has(receiver)) return;
    const { clock } = this.#owner.runtime;
    const resume = (): void => {
      this.#receivers?.get(receiver)?.cancel();
      this.#receivers?.delete(receiver);
      this.update();
    };
    this.#receivers.set(receiver, clock.schedule(clock.now() + MAX_WAIT_MS, resume));
    receiver.onCaughtUp(resume);
    this.update();
  }

  /** Counts a packet. Above the rate, a stream is paused; on UDP, returns false: the packet must be dropped. */
  admits(now: Instant): boolean {
    const { limits, metrics } = this.#owner.runtime;
    this.#emptyAt = Math.max(this.#emptyAt, now) + 1000 / limits.packetsPerSecond;
    const waitMs = this.#emptyAt - now - BURST_MS;
    if (waitMs <= 0) return true;
    metrics.limitPackets += 1;
    this.#owner.limited('packetsPerSecond', limits.packetsPerSecond);
    if (!this.#owner.connection.canPause) return false;
    this.#pauseUntil(now + waitMs);
    return true;
  }

  /** Pauses a stream for a moment. */
  slowDown(): void {
    if (!this.#owner.connection.canPause || this.#pause !== undefined) return;
    const { clock, metrics } = this.#owner.runtime;
    metrics.sendersSlowedDown += 1;
    this.#pauseUntil(clock.now() + SLOW_DOWN_MS);
  }

  /** The session has ended. */
  end(): void {
    this.#state = 'ended';
    this.#takeDeferred();
    for (const wait of this.#receivers?.values() ?? []) wait.cancel();
    this.#receivers = undefined;
    this.#pause?.cancel();
    this.#pause = undefined;
  }

  #takeDeferred(): readonly ReceivedPacket[] {
    const packets = this.#deferred;
    if (packets === undefined) return NONE;
    this.#deferred = undefined;
    for (const { body } of packets) this.#owner.runtime.underWay.addOfReceiver(-bytesOf(body));
    return packets;
  }

  #pauseUntil(instant: Instant): void {
    if (this.#pause !== undefined || this.#state === 'ended') return;
    this.#pause = this.#owner.runtime.clock.schedule(instant, () => {
      this.#pause = undefined;
      this.update();
    });
    this.update();
  }

  /** Pauses or resumes the peer as needed. Must be called after the packets of {@link unblock} are handled. */
  update(): void {
    if (this.#state === 'ended') return;
    const mustPause =
      this.#deferred !== undefined || this.#pause !== undefined || (this.#receivers?.size ?? 0) > 0;
    if (mustPause === this.#isPaused) return;
    this.#isPaused = mustPause;
    if (mustPause) this.#owner.connection.pause();
    else this.#owner.connection.resume();
  }
}
