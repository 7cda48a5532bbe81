/** The quality of a link. Probabilities are numbers from 0 to 1. */
export interface LinkConditions {
  /** Shortest and longest latency of a segment or datagram, in milliseconds. */
  readonly latencyMs: readonly [min: number, max: number];
  /** Probability that a datagram is lost. A lost segment of a stream is delayed by {@link repeatMs} instead. */
  readonly loss: number;
  /** Probability that a datagram arrives twice, each copy with its own latency. */
  readonly duplication: number;
  /** Probability that bytes which were written to a stream at once arrive in two chunks. */
  readonly splitting: number;
  /** Delay of a lost segment of a stream, in milliseconds. */
  readonly repeatMs: number;
}

/** A fast link without faults. With a range of latencies, datagrams are reordered. */
export const PERFECT_LINK: LinkConditions = {
  latencyMs: [1, 1],
  loss: 0,
  duplication: 0,
  splitting: 0,
  repeatMs: 200,
};

/** A direction of a link. */
export type Direction = 'to-server' | 'to-client';
