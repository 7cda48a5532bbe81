/** Bits for each key: one of 400 unknown keys is taken for a known one. */
const BITS_PER_KEY = 16;
const PROBES = [0, 4, 8, 12] as const;

/** Bits of a hash that name a bit of a filter. */
const INDEX_BITS = 19;
const FILTER_BITS = 2 ** INDEX_BITS;

/** Keys that one filter is made for. */
export const FILTER_KEYS = FILTER_BITS / BITS_PER_KEY;

/** Filters that stand side by side: as many as a word has bits. */
const WIDTH = 32;

/** Filters side by side: each word holds the same bit of all of them. */
interface Shelf {
  readonly words: Uint32Array;
  readonly generations: (number | undefined)[];
}

/** Where a generation's filter stands. */
interface Place {
  readonly shelf: Shelf;
  readonly bit: number;
}

/**
 * Tells most unknown keys without a look into the database: a Bloom filter of 64 KiB for each generation of keys.
 *
 * A key is a hash of 16 bytes, so that four pieces of it are four independent probes. Filters stand side by side, 32 on
 * a shelf of 2 MiB, so that four looks into memory ask 32 of them: one after the other they cost a message a quarter of
 * its time where a million wait.
 */
export class KeyFilters {
  readonly #places = new Map<number, Place>();
  readonly #shelves: Shelf[] = [];

  /** In the order in which they were begun. */
  generations(): number[] {
    return [...this.#places.keys()];
  }

  has(generation: number): boolean {
    return this.#places.has(generation);
  }

  /** Begins an empty filter, or one with the bits that {@link bitsOf} gave. */
  begin(generation: number, bits?: Uint8Array): void {
    const place = this.#freePlace();
    place.shelf.generations[place.bit] = generation;
    this.#places.set(generation, place);
    if (bits === undefined) return;
    const { words } = place.shelf;
    const mask = maskOf(place.bit);
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
    const place = this.#places.get(generation);
    if (place === undefined) return;
    this.#places.delete(generation);
    const { words, generations } = place.shelf;
    generations[place.bit] = undefined;
    const others = ~maskOf(place.bit);
    for (let index = 0; index < words.length; index++) words[index] = (words[index] ?? 0) & others;
  }

  add(generation: number, hash: Buffer): void {
    const place = this.#places.get(generation);
    if (place === undefined) return;
    const { words } = place.shelf;
    const mask = maskOf(place.bit);
    for (const at of PROBES) {
      const index = indexOf(hash, at);
      words[index] = (words[index] ?? 0) | mask;
    }
  }

  /** The generations that a key was added to, and a few others. */
  candidates(hash: Buffer): number[] {
    const found: number[] = [];
    for (const { words, generations } of this.#shelves) {
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

  /** A generation's filter by itself. */
  bitsOf(generation: number): Uint8Array {
    const bits = new Uint8Array(FILTER_BITS / 8);
    const place = this.#places.get(generation);
    if (place === undefined) return bits;
    const { words } = place.shelf;
    const mask = maskOf(place.bit);
    for (let index = 0; index < words.length; index++) {
      if (((words[index] ?? 0) & mask) !== 0)
        bits[index >>> 3] = (bits[index >>> 3] ?? 0) | (1 << (index & 7));
    }
    return bits;
  }

  #freePlace(): Place {
    for (const shelf of this.#shelves) {
      for (let bit = 0; bit < WIDTH; bit++) if (shelf.generations[bit] === undefined) return { shelf, bit };
    }
    const shelf = { words: new Uint32Array(FILTER_BITS), generations: [] };
    this.#shelves.push(shelf);
    return { shelf, bit: 0 };
  }
}

function maskOf(bit: number): number {
  return 1 << bit;
}

function indexOf(hash: Buffer, at: number): number {
  return hash.readUInt32LE(at) >>> (32 - INDEX_BITS);
}
