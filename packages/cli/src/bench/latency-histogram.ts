/** Buckets between one power of two and the next: percentiles are accurate to 1/32. */
const STEPS = 32;
const POWERS = 40;

/**
 * Latencies in whole microseconds, from 1 µs to several days, in constant memory.
 */
export class LatencyHistogram {
  readonly #counts = new Float64Array(STEPS * POWERS);
  #total = 0;
  #max = 0;

  get total(): number {
    return this.#total;
  }

  get max(): number {
    return this.#max;
  }

  add(microseconds: number): void {
    const value = Math.max(1, Math.round(microseconds));
    const bucket = bucketOf(value);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total += 1;
    if (value > this.#max) this.#max = value;
  }

  /** The latency that `share` (0–1) of all values do not exceed, as the upper end of its bucket; 0 without values. */
  percentile(share: number): number {
    const wanted = Math.ceil(share * this.#total);
    let seen = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= wanted && count > 0) return Math.min(upperEndOf(bucket), this.#max);
    }
    return this.#max;
  }

  /** Counts of the values between the bounds, lower bound exclusive, upper inclusive; the last range has no upper bound. */
  between(boundsMicroseconds: readonly number[]): readonly number[] {
    const ranges = new Array<number>(boundsMicroseconds.length + 1).fill(0);
    for (const [bucket, count] of this.#counts.entries()) {
      if (count === 0) continue;
      const end = upperEndOf(bucket);
      const found = boundsMicroseconds.findIndex((bound) => end <= bound);
      const range = found < 0 ? boundsMicroseconds.length : found;
      ranges[range] = (ranges[range] ?? 0) + count;
    }
    return ranges;
  }
}

function bucketOf(value: number): number {
  const power = Math.floor(Math.log2(value));
  const within = Math.floor(((value - 2 ** power) / 2 ** power) * STEPS);
  return Math.min(power * STEPS + within, STEPS * POWERS - 1);
}

function upperEndOf(bucket: number): number {
  const power = Math.floor(bucket / STEPS);
  return Math.ceil(2 ** power * (1 + ((bucket % STEPS) + 1) / STEPS));
}
