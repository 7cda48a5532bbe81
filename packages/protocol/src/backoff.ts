import type { Random } from './clock.js';

/** Bounds of the waits between tries. */
export interface BackoffPolicy {
  /** Upper bound of the first wait, in milliseconds. */
  readonly initialMs: number;
  /** Upper bound of every wait, in milliseconds. */
  readonly maxMs: number;
  /** Shortest wait, in milliseconds. */
  readonly minMs: number;
}

/** First try again within a second, then ever more slowly up to 30 s. */
export const DEFAULT_BACKOFF: BackoffPolicy = { initialMs: 1000, maxMs: 30_000, minMs: 100 };

/**
 * The wait before try number `attempt` (0 for the first), anywhere between the shortest and a bound that doubles
 * with each try: clients that lost the same server come back spread out.
 */
export function backoffMs(attempt: number, policy: BackoffPolicy, random: Random): number {
  const bound = Math.min(policy.maxMs, policy.initialMs * 2 ** Math.min(attempt, 30));
  return policy.minMs + random() * Math.max(0, bound - policy.minMs);
}
