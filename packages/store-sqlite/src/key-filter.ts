/** Bits for each key: one of 400 unknown keys is taken for a known one. */
const BITS_PER_KEY = 16;
const PROBES = [0, 4, 8, 12] as const;

/** Bits of a hash that name a bit of the filter. */
const INDEX_BITS = 19;

/** Keys that a filter is made for. */
export const FILTER_KEYS = 2 ** INDEX_BITS / BITS_PER_KEY;

/**
 * Tells most unknown keys without a look into the database: a Bloom filter of 64 KiB.
 *
 * A key is a hash of 16 bytes, so that four pieces of it are four independent probes.
 */
export class KeyFilter {
  readonly bits: Uint8Array;

  constructor(bits: Uint8Array = new Uint8Array(2 ** INDEX_BITS / 8)) {
    this.bits = bits;
  }

  add(hash: Buffer): void {
    for (const at of PROBES) {
      const index = hash.readUInt32LE(at) >>> (32 - INDEX_BITS);
      this.bits[index >>> 3] = (this.bits[index >>> 3] ?? 0) | (1 << (index & 7));
    }
  }

  /** False for a key that was never added; true for one that was, and for a few others. */
  mayHave(hash: Buffer): boolean {
    for (const at of PROBES) {
      const index = hash.readUInt32LE(at) >>> (32 - INDEX_BITS);
      if (((this.bits[index >>> 3] ?? 0) & (1 << (index & 7))) === 0) return false;
    }
    return true;
  }
}
