import { type BackoffPolicy, backoffMs, type Random } from '@imcore/protocol';
import type { StateReason } from './state.js';

/**
 * How long to wait before the next try, by how many went wrong since the link was last known to be good.
 *
 * Links that are closed are mostly closed together, when a server stops: their clients must not come back together,
 * so even the first try is delayed. Silence is noticed by each client at a time of its own: then the first try is at
 * once.
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

  /** The wait after one more failure, in milliseconds. */
  failed(reason: StateReason): number {
    const failures = this.#failures;
    this.#failures += 1;
    if (failures === 0 && reason === 'link-silent') return 0;
    return backoffMs(failures, this.#policy, this.#random);
  }

  /** The link is good. A login alone does not show that: it may be lost again right after each. */
  proven(): void {
    this.#failures = 0;
  }
}
