import { type Instant, NEVER } from '@imcore/protocol';
import type { EarlyRetransmission } from '../transport.js';

/** Bounds of the first wait for an acknowledgement on datagrams, in milliseconds. */
const MIN_EARLY_WAIT_MS = 200;
const MAX_EARLY_WAIT_MS = 3_000;

/** The first wait before anything was measured, as RFC 6298 has it. */
const UNMEASURED_WAIT_MS = 1_000;

const WEIGHT = 1 / 8;

/**
 * Messages whose first copy may have been lost on a transport that loses: they are written again after about two round
 * trips, 200 ms to 3 s, once. What follows is the retry policy's.
 *
 * A round trip is what acknowledgements take that cannot belong to a later copy, and what keep-alives take. Nobody's
 * wait ends before that of somebody who began earlier, so the oldest is always the next.
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

  /** A round trip was measured. */
  measured(ms: number): void {
    this.#roundTripMs =
      this.#roundTripMs === undefined ? ms : this.#roundTripMs + (ms - this.#roundTripMs) * WEIGHT;
  }

  /** The first copy was written. */
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

  /** Those whose wait is over. */
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
