/** A point in monotonic time, in milliseconds. The origin is arbitrary: only differences are meaningful. */
export type Instant = number;

/** An instant that is never reached. */
export const NEVER: Instant = Number.POSITIVE_INFINITY;

/** A scheduled callback that has not run yet. */
export interface Scheduled {
  cancel(): void;
}

/**
 * The clock and timer that drivers use. The state machines of this package take `now` as an argument instead.
 *
 * Callbacks may run late: the callback compares `now()` with its deadlines.
 */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): Instant;
  /** Milliseconds since 1970, for values that leave the process. */
  wallTime(): number;
  /** Calls `run` once, not before `at`. */
  schedule(at: Instant, run: () => void): Scheduled;
}

/** A source of random numbers in [0, 1): `Math.random` or a seeded generator. */
export type Random = () => number;
