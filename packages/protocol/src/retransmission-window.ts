import { type Instant, NEVER } from './clock.js';
import type { Packet } from './packet.js';
import type { RetryPolicy } from './retry-policy.js';

/** A packet that asks for an acknowledgement and can be told apart. */
export type QosPacket = Packet & { readonly fp: string };

/** A packet that waits for its acknowledgement. */
export interface Unacknowledged<P extends QosPacket> {
  readonly packet: P;
  /** Copies written so far, 1 after the first. */
  readonly attempts: number;
  /** When the first copy was written. */
  readonly sentAt: Instant;
}

/** What {@link RetransmissionWindow.collectDue} asks its caller to do. */
export interface Due<P extends QosPacket> {
  readonly retransmit: readonly P[];
  readonly abandoned: readonly P[];
}

interface Pending<P extends QosPacket> {
  readonly packet: P;
  attempts: number;
  readonly sentAt: Instant;
  dueAt: Instant;
}

/**
 * The QoS packets this side has written and the peer has not acknowledged yet.
 *
 * Owns no timer and reads no clock: the caller passes `now` in, and calls `collectDue` again at
 * `nextDeadline`. All waits are equally long, so insertion order is deadline order.
 */
export class RetransmissionWindow<P extends QosPacket> {
  readonly #policy: RetryPolicy;
  readonly #pending = new Map<string, Pending<P>>();

  constructor(policy: RetryPolicy) {
    this.#policy = policy;
  }

  get size(): number {
    return this.#pending.size;
  }

  get nextDeadline(): Instant {
    for (const first of this.#pending.values()) return first.dueAt;
    return NEVER;
  }

  has(fingerprint: string): boolean {
    return this.#pending.has(fingerprint);
  }

  /** Starts the wait for a packet that has just been written. A fingerprint that already waits is left alone. */
  add(packet: P, now: Instant): void {
    if (this.#pending.has(packet.fp)) return;
    this.#pending.set(packet.fp, { packet, attempts: 1, sentAt: now, dueAt: now + this.#policy.waitMs });
  }

  /** Ends the wait. Returns `undefined` for an acknowledgement that is late, repeated or unknown. */
  acknowledge(fingerprint: string): Unacknowledged<P> | undefined {
    const pending = this.#pending.get(fingerprint);
    this.#pending.delete(fingerprint);
    return pending;
  }

  /** Ends the wait of a packet that its owner gave up. */
  remove(fingerprint: string): void {
    this.#pending.delete(fingerprint);
  }

  /** The packets whose wait is over: to be written again, or abandoned after the last copy. */
  collectDue(now: Instant): Due<P> {
    const retransmit: P[] = [];
    const abandoned: P[] = [];
    for (const [fingerprint, pending] of this.#pending) {
      if (pending.dueAt > now) break;
      this.#pending.delete(fingerprint);
      if (pending.attempts > this.#policy.retries) {
        abandoned.push(pending.packet);
        continue;
      }
      retransmit.push(pending.packet);
      pending.attempts += 1;
      pending.dueAt = now + this.#policy.waitMs;
      this.#pending.set(fingerprint, pending);
    }
    return { retransmit, abandoned };
  }

  /** All packets that wait, oldest first. */
  *packets(): IterableIterator<P> {
    for (const { packet } of this.#pending.values()) yield packet;
  }
}
