import { type Instant, NEVER } from '@imcore/protocol';
import type { EarlyRetransmission } from '../transport.js';

/** Bounds of the time until the early retransmission, in milliseconds. */
const MIN_EARLY_WAIT_MS = 200;
const MAX_EARLY_WAIT_MS = 3_000;

/** The wait before a round-trip time was measured, as in RFC 6298. */
const UNMEASURED_WAIT_MS = 1_000;

const WEIGHT = 1 / 8;

/**
 * Early retransmission for a lossy transport: an unacknowledged message is written once more after two round-trip times,
 * 200 ms to 3 s. Further retransmissions follow the retry policy.
 *
 * Round-trip times are measured from keep-alives, and from acknowledgements of messages written once. No wait ends
 * before that of an earlier message, so insertion order is deadline order.
 *
 * @see docs/protocol/SPEC.md#8-qos-acknowledgement-retransmission-duplicate-suppression
 */
export class EarlyCopies implements EarlyRetransmission {
  readonly #dueAt = new Map<string, Instant>();
  #lastDueAt: Instant = 0;
  #roundTripMs: number | undefined;

  get nextDeadline(): Instant {
    for (const dueAt of this.#dueAt.values()) return dueAt;
    return NEVER;
  }

  /** Adds a round-trip time, in milliseconds. */
  measured(ms: number): void {
    this.#roundTripMs =
      this.#roundTripMs === undefined ? ms : this.#roundTripMs + (ms - this.#roundTripMs) * WEIGHT;
  }

  /** The message was written for the first time. */
  add(fingerprint: string, now: Instant): void {
    const twice = this.#roundTripMs === undefined ? UNMEASURED_WAIT_MS : 2 * this.#roundTripMs;
    const waitMs = Math.min(Math.max(twice, MIN_EARLY_WAIT_MS), MAX_EARLY_WAIT_MS);
    this.#lastDueAt = Math.max(this.#lastDueAt, now + waitMs);
    this.#dueAt.set(fingerprint, this.#lastDueAt);
  }

  remove(fingerprint: string): void {
    this.#dueAt.delete(fingerprint);
  }

  clear(): void {
    this.#dueAt.clear();
  }

  /** Returns the messages whose wait is over, and removes them. */
  collectDue(now: Instant): string[] {
    const due: string[] = [];
    for (const [fingerprint, dueAt] of this.#dueAt) {
      if (dueAt > now) break;
      this.#dueAt.delete(fingerprint);
      due.push(fingerprint);
    }
    return due;
  }
}
