import type { Instant } from '@imcore/protocol';

/** What the process is like at one moment. */
export interface MemorySample {
  readonly now: Instant;
  /** How busy the process has been since the last sample: 0 is idle, 1 leaves no time for anything else. */
  readonly load: number;
  /** What the young generation holds of the system's memory, in bytes, used or not. */
  readonly youngBytes: number;
  /** What the old generation has in use, in bytes, garbage that is not collected yet included. */
  readonly oldBytes: number;
}

const MIB = 1024 * 1024;

/** Up to here the process counts as quiet. */
const MAX_LOAD = 0.25;
/** So many samples in a row. */
const QUIET_SAMPLES = 3;
/** A young generation that holds less is left alone. A 64-bit V8 lets it grow to 32 MiB, unless it is told otherwise. */
const MIN_YOUNG_BYTES = 16 * MIB;
/** A trim stops the process for some 4 ms for each MiB of objects on a slow core: 130 ms at this size. */
const MAX_OLD_BYTES = 32 * MIB;
/** Between two trims. */
const REST_MS = 10 * 60 * 1000;

/**
 * Decides when it is worth stopping for up to a tenth of a second or so to give memory back: the young generation has grown
 * in a burst, the burst is over, and there is little to go through.
 *
 * Pure: it is shown samples, at equal intervals.
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
