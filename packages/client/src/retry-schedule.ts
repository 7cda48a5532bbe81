import { type BackoffPolicy, backoffMs, type Random } from '@imcore/protocol';
import type { StateReason } from './state.js';

/** Reasons for losing an online link, as opposed to a failed attempt. */
const LOSSES: ReadonlySet<StateReason> = new Set(['link-silent', 'link-closed', 'session-unknown']);

/**
 * The delay before the next reconnection attempt, from the number of failures since the link last worked.
 *
 * After the loss of a working link the client retries at once: most losses affect a single client, and users notice a
 * delay. If a server stops and all its clients lose their links, only the first attempts coincide; all further attempts
 * are spread out by backoff.
 *
 * @see docs/protocol/SPEC.md#11-where-the-original-is-weak-and-we-are-not
 */
export class RetrySchedule {
  readonly #policy: BackoffPolicy;
  readonly #random: Random;
  #failures = 0;
  #wasOnline = true;

  constructor(policy: BackoffPolicy, random: Random) {
    this.#policy = policy;
    this.#random = random;
  }

  /** Adds a failure. Returns the delay before the next attempt, in milliseconds. */
  failed(reason: StateReason): number {
    if (this.#wasOnline && LOSSES.has(reason)) {
      this.#wasOnline = false;
      return 0;
    }
    this.#failures += 1;
    return backoffMs(this.#failures - 1, this.#policy, this.#random);
  }

  /** The link works: a keep-alive was answered. A login alone is not enough, since the link may be lost right after it. */
  succeeded(): void {
    this.#failures = 0;
    this.#wasOnline = true;
  }
}
