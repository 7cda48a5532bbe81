import type { Instant } from '@imcore/protocol';

/** What a client knows of its way to the server. Each is undefined until it was measured. */
export interface LinkQuality {
  /** What the last keep-alive took to be answered, in milliseconds. */
  readonly roundTripMs: number | undefined;
  /** What keep-alives take to be answered on average, the last ones counting most, in milliseconds. */
  readonly averageRoundTripMs: number | undefined;
  /** How far the server's clock is ahead of this device's, in milliseconds; negative where it is behind. */
  readonly clockOffsetMs: number | undefined;
  /** By how much `clockOffsetMs` may be wrong, in milliseconds. */
  readonly clockErrorMs: number | undefined;
}

/** What an average makes of one more measurement, as RFC 6298 weighs it. */
const WEIGHT = 1 / 8;

/** Clocks of devices run apart by less than this. */
const DRIFT = 1e-4;

/**
 * Measures the way to the server: by keep-alives, and by the server's time wherever an answer carries it.
 *
 * An answer that says `time` was written between its question and its arrival, so the server's clock is known up to
 * half of that. The narrowest measurement counts, until what drift may have added makes it worse than a new one.
 */
export class QualityMeter {
  #roundTripMs: number | undefined;
  #averageMs: number | undefined;
  /** The server's time minus the monotonic clock's. */
  #serverAhead = 0;
  #errorMs = Number.POSITIVE_INFINITY;
  #measuredAt: Instant = 0;

  get averageRoundTripMs(): number | undefined {
    return this.#averageMs;
  }

  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  answered(sentAt: Instant, now: Instant): void {
    const sample = now - sentAt;
    this.#roundTripMs = sample;
    this.#averageMs =
      this.#averageMs === undefined ? sample : this.#averageMs + (sample - this.#averageMs) * WEIGHT;
  }

  /** The server wrote `time`, in milliseconds since 1970, after the question of `sentAt`. */
  serverSaid(time: number, sentAt: Instant, now: Instant): void {
    const errorMs = (now - sentAt) / 2;
    if (time <= 0 || errorMs > this.#errorAt(now)) return;
    this.#serverAhead = time - (sentAt + errorMs);
    this.#errorMs = errorMs;
    this.#measuredAt = now;
  }

  /** All of it, where the device's clock shows `wallTime` at `now`. */
  at(now: Instant, wallTime: number): LinkQuality {
    const isClockKnown = this.#errorMs !== Number.POSITIVE_INFINITY;
    return {
      roundTripMs: this.#roundTripMs,
      averageRoundTripMs: this.#averageMs,
      clockOffsetMs: isClockKnown ? this.#serverAhead + now - wallTime : undefined,
      clockErrorMs: isClockKnown ? this.#errorAt(now) : undefined,
    };
  }

  #errorAt(now: Instant): number {
    return this.#errorMs + (now - this.#measuredAt) * DRIFT;
  }
}
