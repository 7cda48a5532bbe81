import type { KeepAliveTimes } from '@imcore/protocol';

/** Shortest and longest time between keep-alives, in milliseconds. */
export interface KeepAliveBounds {
  readonly minMs: number;
  readonly maxMs: number;
}

/** How much longer the next interval may be after one that went well. */
const GROWTH = 1.5;

/**
 * How often to send keep-alives: as seldom as the way to the server allows, where the bounds leave room for a choice.
 *
 * Begins with the sense mode's interval, waits longer after each answer, and half as long after a link that was lost:
 * something on the way forgets links that are idle for too long. From then on it stays below what went wrong.
 * The time-out keeps its distance from the interval.
 *
 * @see docs/protocol/SPEC.md#5-keep-alive-and-time-outs
 */
export class KeepAlivePace implements KeepAliveTimes {
  readonly #minMs: number;
  readonly #patienceMs: number;
  #maxMs: number;
  #intervalMs: number;

  /** Without bounds the interval stays what it is. */
  constructor({ keepAliveIntervalMs, clientTimeoutMs }: KeepAliveTimes, bounds: KeepAliveBounds | undefined) {
    const { minMs = keepAliveIntervalMs, maxMs = keepAliveIntervalMs } = bounds ?? {};
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#intervalMs = Math.min(Math.max(keepAliveIntervalMs, minMs), maxMs);
    this.#patienceMs = clientTimeoutMs - keepAliveIntervalMs;
  }

  get keepAliveIntervalMs(): number {
    return this.#intervalMs;
  }

  get clientTimeoutMs(): number {
    return this.#intervalMs + this.#patienceMs;
  }

  answered(): void {
    this.#intervalMs = Math.min(this.#intervalMs * GROWTH, this.#maxMs);
  }

  lost(): void {
    this.#maxMs = Math.max(this.#minMs, this.#intervalMs / GROWTH);
    this.#intervalMs = Math.max(this.#minMs, this.#intervalMs / 2);
  }
}
