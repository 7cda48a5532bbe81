import type { KeepAliveTimes } from '@imcore/protocol';

/** Bounds of the adaptive keep-alive interval, in milliseconds. */
export interface KeepAliveBounds {
  readonly minMs: number;
  readonly maxMs: number;
}

/** Factor by which the interval grows after each response. */
const GROWTH = 1.5;

/**
 * The adaptive keep-alive interval: as long as the network path to the server allows, within the bounds.
 *
 * Starts with the interval of the sense mode, grows after each response and is halved after a lost link, because a NAT or
 * proxy may drop idle connections. After a loss it stays below the interval that failed. The timeout keeps a constant
 * distance from the interval.
 *
 * @see docs/protocol/SPEC.md#5-keep-alive-and-time-outs
 */
export class KeepAlivePace implements KeepAliveTimes {
  readonly #minMs: number;
  readonly #marginMs: number;
  #maxMs: number;
  #intervalMs: number;

  /** Without `bounds` the interval is constant. */
  constructor({ keepAliveIntervalMs, clientTimeoutMs }: KeepAliveTimes, bounds: KeepAliveBounds | undefined) {
    const { minMs = keepAliveIntervalMs, maxMs = keepAliveIntervalMs } = bounds ?? {};
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#intervalMs = Math.min(Math.max(keepAliveIntervalMs, minMs), maxMs);
    this.#marginMs = clientTimeoutMs - keepAliveIntervalMs;
  }

  get keepAliveIntervalMs(): number {
    return this.#intervalMs;
  }

  get clientTimeoutMs(): number {
    return this.#intervalMs + this.#marginMs;
  }

  answered(): void {
    this.#intervalMs = Math.min(this.#intervalMs * GROWTH, this.#maxMs);
  }

  lost(): void {
    this.#maxMs = Math.max(this.#minMs, this.#intervalMs / GROWTH);
    this.#intervalMs = Math.max(this.#minMs, this.#intervalMs / 2);
  }
}
