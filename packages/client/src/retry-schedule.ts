import { type BackoffPolicy, backoffMs, type Random } from '@imcore/protocol';
import type { StateReason } from './state.js';

/** What happens to a link that was good, unlike one that cannot be had. */
const LOSSES: ReadonlySet<StateReason> = new Set(['link-silent', 'link-closed', 'session-unknown']);

/**
 * How long to wait before the next try, by how many went wrong since the link was last known to be good.
 *
 * A link that was good until it was lost is tried again at once: most losses are one client's own, and people notice
 * the wait. Where a server has stopped and takes all its clients with it, only their first try comes together; all
 * that follow are spread out, and so is everything that comes after a try that failed.
 *
 * @see docs/protocol/SPEC.md#11-where-the-original-is-weak-and-we-are-not
 */
export class RetrySchedule {
  readonly #policy: BackoffPolicy;
  readonly #random: Random;
  #failures = 0;
  #isProven = true;

  constructor(policy: BackoffPolicy, random: Random) {
    this.#policy = policy;
    this.#random = random;
  }

  /** The wait after one more failure, in milliseconds. */
  failed(reason: StateReason): number {
    if (this.#isProven && LOSSES.has(reason)) {
      this.#isProven = false;
      return 0;
    }
    this.#failures += 1;
    return backoffMs(this.#failures - 1, this.#policy, this.#random);
  }

  /** The link is good. A login alone does not show that: it may be lost again right after each. */
  proven(): void {
    this.#failures = 0;
    this.#isProven = true;
  }
}
