import type { Digest } from './digest.js';

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

  has(digest: Digest): boolean {
    return this.#words[this.#find(digest) + 3] !== 0;
  }

  add(digest: Digest): void {
    const at = this.#find(digest);
    if (this.#words[at + 3] !== 0) return;
    this.#put(at, digest.a, digest.b, digest.c, digest.d);
    this.#size += 1;
    if (this.#size * 4 > (this.#mask + 1) * 3) this.#grow();
  }

  /** Removes a digest. Later entries of the same probe sequence move up, so that no probe ends too early. */
  delete(digest: Digest): void {
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
  #find(digest: Digest): number {
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
