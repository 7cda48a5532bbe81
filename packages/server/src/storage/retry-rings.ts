import type { RetryPolicy } from '@imcore/protocol';
import type { Delivery } from '../delivery/delivery.js';
import type { DeadlineQueue, DeadlineRing } from '../timers/deadline-queue.js';

/** Maximum wait before another copy of a message, in milliseconds. */
const MAX_WAIT_MS = 60_000;

/**
 * The deadlines of copies of stored messages. A receiver on a connection that loses packets, whose address may be forged,
 * gets further copies than those of the policy ever more rarely: each after twice the wait of the one before.
 */
export class RetryRings {
  readonly #retries: number;
  readonly #rings: readonly DeadlineRing[];
  readonly first: DeadlineRing;

  constructor(timers: DeadlineQueue, { waitMs, retries }: RetryPolicy, onDue: (delivery: Delivery) => void) {
    this.#retries = retries;
    this.first = timers.ring<Delivery>(waitMs, onDue);
    const rings = [this.first];
    for (let wait = 2 * waitMs; wait < 2 * MAX_WAIT_MS; wait *= 2)
      rings.push(timers.ring<Delivery>(Math.min(wait, MAX_WAIT_MS), onDue));
    this.#rings = rings;
  }

  /** Whether a message was written more often than the policy says. */
  hadAllCopies({ attempts }: Delivery): boolean {
    return attempts > this.#retries;
  }

  /** The ring of a message that is about to be written again. */
  ringFor(delivery: Delivery): DeadlineRing {
    if (delivery.inbox?.session?.isReliable !== false) return this.first;
    const further = Math.max(0, delivery.attempts - this.#retries);
    return this.#rings[Math.min(further, this.#rings.length - 1)] ?? this.first;
  }
}
