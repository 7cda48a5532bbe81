import type { Random } from '@imcore/protocol';

/**
 * A random number generator with a seed (sfc32, seeded by splitmix32).
 *
 * Give each part of a test its own {@link fork}: an additional draw in one part then changes nothing in the others.
 */
export class SeededRandom {
  /** Returns the next number in [0, 1). It is bound, so it can be passed as a function. */
  readonly next: Random;
  readonly #seed: number;

  /** `seed` is a whole number, of which the lowest 32 bits are used. */
  constructor(seed: number) {
    this.#seed = seed >>> 0;
    this.next = createGenerator(this.#seed);
  }

  /** A generator that depends only on this one's seed and the label, not on the numbers drawn so far. */
  fork(label: string): SeededRandom {
    let hash = this.#seed ^ 0x811c9dc5;
    for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193);
    return new SeededRandom(mix(hash));
  }

  /** A number in [min, max). */
  between(min: number, max: number): number {
    return min + this.next() * (max - min);
  }

  /** A whole number from min to max, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of the items, each with the same probability. @throws RangeError when there are none. */
  pick<Item>(items: readonly Item[]): Item {
    if (items.length === 0) throw new RangeError('nothing to pick from');
    return items[this.int(0, items.length - 1)] as Item;
  }
}

function createGenerator(seed: number): Random {
  let state = seed;
  const draw = (): number => {
    state = (state + 0x9e3779b9) | 0;
    return mix(state);
  };
  let [a, b, c, counter] = [draw(), draw(), draw(), 1];
  return () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / 0x1_0000_0000;
  };
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) | 0;
}
