/** 128 bits: three words of a fingerprint and a peer, and one of the content. */
export interface DigestWords {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** Never 0. */
  readonly d: number;
}

/** What a set knows of a digest. `other`: not this one, but one that differs only in the last word. */
type Found = 'same' | 'other' | 'absent';

const WORDS = 4;
const MIN_SLOTS = 16;

/**
 * A set of digests. An entry takes 16 bytes and no references for the garbage collector to trace. A `Set` of strings
 * would take ten times as much memory and keep the received frames alive.
 *
 * Open addressing with linear probing, load factor at most 0.75. A slot is empty if its last word is 0.
 */
export class DigestSet {
  #words = new Int32Array(MIN_SLOTS * WORDS);
  #mask = MIN_SLOTS - 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(digest: DigestWords): boolean {
    return this.#words[this.#find(digest) + 3] !== 0;
  }

  /** Digests that differ only in the last word share a home slot, so one probe sequence finds both. */
  find(digest: DigestWords): Found {
    const words = this.#words;
    const { a, b, c, d } = digest;
    const last = this.#mask * WORDS;
    let found: Found = 'absent';
    for (let at = (a & this.#mask) * WORDS; words[at + 3] !== 0; at = next(at, last)) {
      if (words[at] !== a || words[at + 1] !== b || words[at + 2] !== c) continue;
      if (words[at + 3] === d) return 'same';
      found = 'other';
    }
    return found;
  }

  add(digest: DigestWords): void {
    this.#addAt(this.#find(digest), digest);
  }

  /** Adds a digest in the place of one that differs only in the last word, if there is one. */
  replace(digest: DigestWords): void {
    const words = this.#words;
    const { a, b, c, d } = digest;
    const last = this.#mask * WORDS;
    let at = (a & this.#mask) * WORDS;
    while (words[at + 3] !== 0) {
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c) {
        words[at + 3] = d;
        return;
      }
      at = next(at, last);
    }
    this.#addAt(at, digest);
  }

  #addAt(at: number, { a, b, c, d }: DigestWords): void {
    if (this.#words[at + 3] !== 0) return;
    this.#put(at, a, b, c, d);
    this.#size += 1;
    if (this.#size * 4 > (this.#mask + 1) * 3) this.#grow();
  }

  /** Removes a digest. Later entries of the same probe sequence move up, so that no probe ends too early. */
  delete(digest: DigestWords): void {
    const words = this.#words;
    let hole = this.#find(digest);
    if (words[hole + 3] === 0) return;
    this.#size -= 1;
    const last = this.#mask * WORDS;
    for (let at = next(hole, last); words[at + 3] !== 0; at = next(at, last)) {
      const home = ((words[at] ?? 0) & this.#mask) * WORDS;
      // The entry may fill the hole unless its home slot lies between the hole and the entry, with wrap-around.
      const isBetween = hole <= at ? hole < home && home <= at : hole < home || home <= at;
      if (isBetween) continue;
      words.copyWithin(hole, at, at + WORDS);
      hole = at;
    }
    words[hole + 3] = 0;
  }

  /** Returns the offset of the digest, or of the empty slot where it belongs. */
  #find(digest: DigestWords): number {
    const words = this.#words;
    const { a, b, c, d } = digest;
    const last = this.#mask * WORDS;
    let at = (a & this.#mask) * WORDS;
    while (words[at + 3] !== 0) {
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return at;
      at = next(at, last);
    }
    return at;
  }

  #put(at: number, a: number, b: number, c: number, d: number): void {
    const words = this.#words;
    words[at] = a;
    words[at + 1] = b;
    words[at + 2] = c;
    words[at + 3] = d;
  }

  #grow(): void {
    const old = this.#words;
    this.#mask = this.#mask * 2 + 1;
    this.#words = new Int32Array((this.#mask + 1) * WORDS);
    const last = this.#mask * WORDS;
    for (let from = 0; from < old.length; from += WORDS) {
      const d = old[from + 3] ?? 0;
      if (d === 0) continue;
      const a = old[from] ?? 0;
      let at = (a & this.#mask) * WORDS;
      while (this.#words[at + 3] !== 0) at = next(at, last);
      this.#put(at, a, old[from + 1] ?? 0, old[from + 2] ?? 0, d);
    }
  }
}

function next(at: number, last: number): number {
  return at === last ? 0 : at + WORDS;
}
