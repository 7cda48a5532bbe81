/** Bits for each key: one in 400 unknown keys is a false positive. */
const BITS_PER_KEY = 16;
const PROBES = [0, 4, 8, 12] as const;

/** Bits of a hash that select a bit of a filter. */
const INDEX_BITS = 19;
const FILTER_BITS = 2 ** INDEX_BITS;

/** Number of keys that one filter is sized for. */
export const FILTER_KEYS = FILTER_BITS / BITS_PER_KEY;

/** Filters in a group: as many as a word has bits. */
const WIDTH = 32;

/** Interleaved filters: each word holds the same bit of all of them. */
interface FilterGroup {
  readonly words: Uint32Array;
  readonly generations: (number | undefined)[];
}

/** Where a generation's filter is. */
interface Slot {
  readonly group: FilterGroup;
  readonly bit: number;
}

/**
 * Recognizes most unknown keys without reading the database: a Bloom filter of 64 KiB for each generation of keys.
 *
 * A key is a hash of 16 bytes; four parts of it are four independent probes. Filters are interleaved, 32 in a group of
 * 2 MiB, so that four memory reads probe all 32. Probed one by one they took a quarter of an append's time with a
 * million messages waiting.
 */
export class KeyFilters {
  readonly #slots = new Map<number, Slot>();
  readonly #groups: FilterGroup[] = [];

  /** In the order in which they were created. */
  generations(): number[] {
    return [...this.#slots.keys()];
  }

  has(generation: number): boolean {
    return this.#slots.has(generation);
  }

  /** Creates an empty filter, or one with the bits that {@link bitsOf} returned. */
  begin(generation: number, bits?: Uint8Array): void {
    const slot = this.#freeSlot();
    slot.group.generations[slot.bit] = generation;
    this.#slots.set(generation, slot);
    if (bits === undefined) return;
    const { words } = slot.group;
    const mask = maskOf(slot.bit);
    for (let at = 0; at < bits.length; at++) {
      const eight = bits[at] ?? 0;
      if (eight === 0) continue;
      for (let low = 0; low < 8; low++) {
        const index = at * 8 + low;
        if ((eight & (1 << low)) !== 0) words[index] = (words[index] ?? 0) | mask;
      }
    }
  }

  remove(generation: number): void {
    const slot = this.#slots.get(generation);
    if (slot === undefined) return;
    this.#slots.delete(generation);
    const { words, generations } = slot.group;
    generations[slot.bit] = undefined;
    const others = ~maskOf(slot.bit);
    for (let index = 0; index < words.length; index++) words[index] = (words[index] ?? 0) & others;
  }

  add(generation: number, hash: Buffer): void {
    const slot = this.#slots.get(generation);
    if (slot === undefined) return;
    const { words } = slot.group;
    const mask = maskOf(slot.bit);
    for (const at of PROBES) {
      const index = indexOf(hash, at);
      words[index] = (words[index] ?? 0) | mask;
    }
  }

  /** The generations that a key was added to, and a few false positives. */
  candidates(hash: Buffer): number[] {
    const found: number[] = [];
    for (const { words, generations } of this.#groups) {
      let left = -1;
      for (const at of PROBES) left &= words[indexOf(hash, at)] ?? 0;
      while (left !== 0) {
        const bit = WIDTH - 1 - Math.clz32(left & -left);
        left &= left - 1;
        const generation = generations[bit];
        if (generation !== undefined) found.push(generation);
      }
    }
    return found;
  }

  /** The bits of one generation's filter. */
  bitsOf(generation: number): Uint8Array {
    const bits = new Uint8Array(FILTER_BITS / 8);
    const slot = this.#slots.get(generation);
    if (slot === undefined) return bits;
    const { words } = slot.group;
    const mask = maskOf(slot.bit);
    for (let index = 0; index < words.length; index++) {
      if (((words[index] ?? 0) & mask) !== 0)
        bits[index >>> 3] = (bits[index >>> 3] ?? 0) | (1 << (index & 7));
    }
    return bits;
  }

  #freeSlot(): Slot {
    for (const group of this.#groups) {
      for (let bit = 0; bit < WIDTH; bit++) if (group.generations[bit] === undefined) return { group, bit };
    }
    const group = { words: new Uint32Array(FILTER_BITS), generations: [] };
    this.#groups.push(group);
    return { group, bit: 0 };
  }
}

function maskOf(bit: number): number {
  return 1 << bit;
}

function indexOf(hash: Buffer, at: number): number {
  return hash.readUInt32LE(at) >>> (32 - INDEX_BITS);
}
