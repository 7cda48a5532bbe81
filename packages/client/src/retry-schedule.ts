import { type BackoffPolicy, backoffMs, type Random } from '@imcore/protocol';

/**
 * The delay before the next attempt to connect, from the number of failures since the link last worked.
 *
 * The first attempt after the loss of a working link is delayed like all others: if a server stops, all its clients lose
 * their links at the same moment. One client cannot tell this from a loss of its own, unless the platform or the user
 * says so; see `retryNow`.
 *
 * @see docs/protocol/SPEC.md#11-where-the-original-is-weak-and-we-are-not
 */
export class RetrySchedule {
  readonly #policy: BackoffPolicy;
  readonly #random: Random;
  #failures = 0;

  constructor(policy: BackoffPolicy, random: Random) {
    this.#policy = policy;
    this.#random = random;
  }

  /** Adds a failure. Returns the delay before the next attempt, in milliseconds. */
  failed(): number {
    this.#failures += 1;
    return backoffMs(this.#failures - 1, this.#policy, this.#random);
  }

  /** The link works: a keep-alive was answered. A login alone is not enough, since the link may be lost right after it. */
  succeeded(): void {
    this.#failures = 0;
  }
}
