import type { Random } from './clock.js';

/** Limits of the delays between reconnection attempts. */
export interface BackoffPolicy {
  /** Upper bound of the first delay, in milliseconds. */
  readonly initialMs: number;
  /** Upper bound of every delay, in milliseconds. */
  readonly maxMs: number;
  /** Lower bound of every delay, in milliseconds. */
  readonly minMs: number;
}

/** The default: the first retry within 1 s, then exponential backoff up to 30 s. */
export const DEFAULT_BACKOFF: BackoffPolicy = { initialMs: 1000, maxMs: 30_000, minMs: 100 };

/**
 * Returns the delay before retry number `attempt` (0 for the first), in milliseconds: a random value between `minMs` and
 * a bound that doubles with each attempt. The jitter spreads out clients that lost the same server.
 */
export function backoffMs(attempt: number, policy: BackoffPolicy, random: Random): number {
  const bound = Math.min(policy.maxMs, policy.initialMs * 2 ** Math.min(attempt, 30));
  return policy.minMs + random() * Math.max(0, bound - policy.minMs);
}
