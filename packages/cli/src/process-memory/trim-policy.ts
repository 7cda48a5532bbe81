import type { Instant } from '@imcore/protocol';

/** State of the process at one moment. */
export interface MemorySample {
  readonly now: Instant;
  /** Load since the last sample: 0 is idle, 1 is fully busy. */
  readonly load: number;
  /** Physical memory of the young generation in bytes, used or not. */
  readonly youngBytes: number;
  /** Used bytes of the old generation, including garbage that is not collected yet. */
  readonly oldBytes: number;
}

const MIB = 1024 * 1024;

/** Maximum load of a quiet process. */
const MAX_LOAD = 0.25;
/** Number of quiet samples in a row before a trim. */
const QUIET_SAMPLES = 3;
/** A smaller young generation is not trimmed. A 64-bit V8 lets it grow to 32 MiB by default. */
const MIN_YOUNG_BYTES = 16 * MIB;
/** A trim blocks the process for about 4 ms per MiB of objects on a slow core: 130 ms at this size. */
const MAX_OLD_BYTES = 32 * MIB;
/** Minimum time between two trims. */
const REST_MS = 10 * 60 * 1000;

/**
 * Decides when a trim is worth its pause: the young generation has grown in a burst, the burst is over, and the old
 * generation is small.
 *
 * Pure: the caller passes in samples at equal intervals.
 */
export class TrimPolicy {
  #quietSamples = 0;
  #restsUntil: Instant = Number.NEGATIVE_INFINITY;

  shouldTrim({ now, load, youngBytes, oldBytes }: MemorySample): boolean {
    this.#quietSamples = load <= MAX_LOAD ? this.#quietSamples + 1 : 0;
    if (this.#quietSamples < QUIET_SAMPLES || now < this.#restsUntil) return false;
    if (youngBytes < MIN_YOUNG_BYTES || oldBytes > MAX_OLD_BYTES) return false;
    this.#restsUntil = now + REST_MS;
    return true;
  }
}
