import { type Instant, NEVER } from './clock.js';
import type { RetryPolicy } from './retry-policy.js';

/** The result of {@link RetransmissionWindow.collectDue}. */
export interface Due<Item> {
  /** Items to write again. */
  readonly retransmit: readonly Item[];
  /** Items that were not acknowledged after the last retry. They have left the window. */
  readonly abandoned: readonly Item[];
}

interface Wait {
  retries: number;
  dueAt: Instant;
}

/**
 * The QoS packets that this side has written and the peer has not acknowledged yet, each as an item of the caller's.
 *
 * Owns no timer and reads no clock: the caller passes `now`, and calls `collectDue` at `nextDeadline`. All waits are
 * equally long, so insertion order is deadline order.
 *
 * @see docs/protocol/SPEC.md#8-qos-acknowledgement-retransmission-duplicate-suppression
 */
export class RetransmissionWindow<Item> {
  readonly #policy: RetryPolicy;
  readonly #waits = new Map<Item, Wait>();

  constructor(policy: RetryPolicy) {
    this.#policy = policy;
  }

  /** When `collectDue` must be called next; `NEVER` if the window is empty. */
  get nextDeadline(): Instant {
    for (const first of this.#waits.values()) return first.dueAt;
    return NEVER;
  }

  /** Adds an item that has just been written for the first time. */
  add(item: Item, now: Instant): void {
    this.#waits.set(item, { retries: 0, dueAt: now + this.#policy.waitMs });
  }

  /** Removes an item that was acknowledged or given up. Has no effect if it is not in the window. */
  remove(item: Item): void {
    this.#waits.delete(item);
  }

  /** Returns the items whose deadline has passed: to be written again, or abandoned after the last retry. */
  collectDue(now: Instant): Due<Item> {
    const { waitMs, retries } = this.#policy;
    const retransmit: Item[] = [];
    const abandoned: Item[] = [];
    for (const [item, wait] of this.#waits) {
      if (wait.dueAt > now) break;
      this.#waits.delete(item);
      if (wait.retries >= retries) {
        abandoned.push(item);
        continue;
      }
      retransmit.push(item);
      wait.retries += 1;
      wait.dueAt = now + waitMs;
      this.#waits.set(item, wait);
    }
    return { retransmit, abandoned };
  }
}
