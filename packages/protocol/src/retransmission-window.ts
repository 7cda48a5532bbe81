import { type Instant, NEVER } from './clock.js';
import type { Packet } from './packet.js';
import type { RetryPolicy } from './retry-policy.js';

/** A packet with a fingerprint, which can be acknowledged. */
export type QosPacket = Packet & { readonly fp: string };

/** A packet whose acknowledgement is pending. */
export interface Unacknowledged<P extends QosPacket> {
  readonly packet: P;
  /** How often the packet has been written, 1 after the first time. */
  readonly attempts: number;
  /** When it was written first. */
  readonly sentAt: Instant;
}

/** The result of {@link RetransmissionWindow.collectDue}. */
export interface Due<P extends QosPacket> {
  /** Packets to write again. */
  readonly retransmit: readonly P[];
  /** Packets that were not acknowledged after the last retry. They have left the window. */
  readonly abandoned: readonly P[];
}

interface Pending<P extends QosPacket> {
  readonly packet: P;
  attempts: number;
  readonly sentAt: Instant;
  dueAt: Instant;
}

/**
 * The QoS packets that this side has written and the peer has not acknowledged yet.
 *
 * Owns no timer and reads no clock: the caller passes `now`, and calls `collectDue` at `nextDeadline`. All waits are
 * equally long, so insertion order is deadline order.
 *
 * @see docs/protocol/SPEC.md#8-qos-acknowledgement-retransmission-duplicate-suppression
 */
export class RetransmissionWindow<P extends QosPacket> {
  readonly #policy: RetryPolicy;
  readonly #pending = new Map<string, Pending<P>>();

  constructor(policy: RetryPolicy) {
    this.#policy = policy;
  }

  /** Number of unacknowledged packets. */
  get size(): number {
    return this.#pending.size;
  }

  /** When `collectDue` must be called next; `NEVER` if the window is empty. */
  get nextDeadline(): Instant {
    for (const first of this.#pending.values()) return first.dueAt;
    return NEVER;
  }

  /** Returns whether a packet is unacknowledged. */
  has(fingerprint: string): boolean {
    return this.#pending.has(fingerprint);
  }

  /** Adds a packet that has just been written. Has no effect if its fingerprint is already in the window. */
  add(packet: P, now: Instant): void {
    if (this.#pending.has(packet.fp)) return;
    this.#pending.set(packet.fp, { packet, attempts: 1, sentAt: now, dueAt: now + this.#policy.waitMs });
  }

  /** Removes an acknowledged packet. Returns `undefined` for an acknowledgement that is late, repeated or unknown. */
  acknowledge(fingerprint: string): Unacknowledged<P> | undefined {
    const pending = this.#pending.get(fingerprint);
    this.#pending.delete(fingerprint);
    return pending;
  }

  /** Removes a packet that the sender gave up. */
  remove(fingerprint: string): void {
    this.#pending.delete(fingerprint);
  }

  /** Returns the packets whose deadline has passed: to be written again, or abandoned after the last retry. */
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

  /** Iterates over all unacknowledged packets, in deadline order. */
  *packets(): IterableIterator<P> {
    for (const { packet } of this.#pending.values()) yield packet;
  }
}
