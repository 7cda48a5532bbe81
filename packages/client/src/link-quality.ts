import type { Instant } from '@imcore/protocol';

/** Measurements of the connection to the server. Each value is undefined until it was measured. */
export interface LinkQuality {
  /** Round-trip time of the last keep-alive, in milliseconds. */
  readonly roundTripMs: number | undefined;
  /** Moving average of the round-trip time, in milliseconds. */
  readonly averageRoundTripMs: number | undefined;
  /** Server clock minus local clock, in milliseconds; negative if the server's clock is behind. */
  readonly clockOffsetMs: number | undefined;
  /** Maximum error of `clockOffsetMs`, in milliseconds. */
  readonly clockErrorMs: number | undefined;
}

/** Weight of a new sample in the moving average, as in RFC 6298. */
const WEIGHT = 1 / 8;

/** Maximum drift between two device clocks. */
const DRIFT = 1e-4;

/**
 * Measures the connection to the server: round-trip times of keep-alives, and the clock offset from responses that carry
 * the server's time.
 *
 * A response was written between the request and its arrival, so its time is known with an error of half the round trip.
 * The most precise sample is kept until clock drift has made it less precise than a new one.
 */
export class QualityMeter {
  #roundTripMs: number | undefined;
  #averageMs: number | undefined;
  /** Server time minus monotonic time. */
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

  /** Adds a server time, in milliseconds since 1970, from the response to a request sent at `sentAt`. */
  addServerTime(time: number, sentAt: Instant, now: Instant): void {
    const errorMs = (now - sentAt) / 2;
    if (time <= 0 || errorMs > this.#errorAt(now)) return;
    this.#serverAhead = time - (sentAt + errorMs);
    this.#errorMs = errorMs;
    this.#measuredAt = now;
  }

  /** Returns all measurements; `wallTime` is the local clock's time at `now`. */
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
