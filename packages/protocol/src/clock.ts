/** A point on a monotonic time line, in milliseconds. Its zero is arbitrary: only differences mean anything. */
export type Instant = number;

/** The instant that never comes. */
export const NEVER: Instant = Number.POSITIVE_INFINITY;

/** A run that was scheduled and has not happened yet. */
export interface Scheduled {
  cancel(): void;
}

/**
 * Time as drivers see it. The machines of this package take `now` as an argument instead.
 *
 * A late run is harmless everywhere: whoever wakes up compares `now()` with its deadlines.
 */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): Instant;
  /** Milliseconds since 1970, for data that people or other machines read. */
  wallTime(): number;
  /** Runs once, not before `at`. */
  schedule(at: Instant, run: () => void): Scheduled;
}

/** A source of numbers in [0, 1), `Math.random` or a seeded generator. */
export type Random = () => number;
