/** What a link does to what passes it. Probabilities are numbers from 0 to 1. */
export interface LinkConditions {
  /** Shortest and longest way of a segment or datagram, in milliseconds. */
  readonly latencyMs: readonly [min: number, max: number];
  /** How likely a datagram is lost. A stream repeats what is lost: there it costs {@link repeatMs} instead. */
  readonly loss: number;
  /** How likely a datagram arrives twice, each copy after a latency of its own. */
  readonly duplication: number;
  /** How likely bytes that were written to a stream at once arrive in two pieces. */
  readonly splitting: number;
  /** What a lost segment of a stream costs, in milliseconds. */
  readonly repeatMs: number;
}

/** A fast, faultless link. Datagrams overtake one another where the latencies let them. */
export const PERFECT_LINK: LinkConditions = {
  latencyMs: [1, 1],
  loss: 0,
  duplication: 0,
  splitting: 0,
  repeatMs: 200,
};

/** One way over a link. */
export type Direction = 'to-server' | 'to-client';
