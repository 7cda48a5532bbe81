/** Buckets between one power of two and the next: no percentile is off by more than 1/32. */
const STEPS = 32;
const POWERS = 40;

/**
 * Latencies in whole microseconds, from 1 µs to some days, in fixed memory however many there are.
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

  /** The smallest latency that `share` (0–1) of all do not exceed, as the upper end of its bucket; 0 without any. */
  percentile(share: number): number {
    const wanted = Math.ceil(share * this.#total);
    let seen = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= wanted && count > 0) return Math.min(upperEndOf(bucket), this.#max);
    }
    return this.#max;
  }

  /** How many are in each stretch from one bound, exclusive, to the next, inclusive; the last stretch is open. */
  between(boundsMicroseconds: readonly number[]): readonly number[] {
    const stretches = new Array<number>(boundsMicroseconds.length + 1).fill(0);
    for (const [bucket, count] of this.#counts.entries()) {
      if (count === 0) continue;
      const end = upperEndOf(bucket);
      const found = boundsMicroseconds.findIndex((bound) => end <= bound);
      const stretch = found < 0 ? boundsMicroseconds.length : found;
      stretches[stretch] = (stretches[stretch] ?? 0) + count;
    }
    return stretches;
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
