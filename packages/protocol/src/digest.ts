/**
 * A 128-bit hash of a pair of strings.
 *
 * Not cryptographic: an attacker who chooses both strings can construct a collision. The instance is mutable and
 * reused: {@link of} overwrites it, so that a lookup allocates nothing.
 */
export class Digest {
  a = 0;
  b = 0;
  c = 0;
  /** Never 0. */
  d = 0;

  /** Computes the digest of a pair and returns this instance. The order and the boundary between the strings matter. */
  of(first: string, second: string): this {
    this.a = 0x243f6a88;
    this.b = 0x85a308d3;
    this.c = 0x13198a2e;
    this.d = 0x03707344;
    this.#absorb(first);
    this.#absorb(second);
    this.#finish();
    return this;
  }

  /** Four independent multiply-and-rotate chains over the same words: two characters per word, the length last. */
  #absorb(text: string): void {
    let { a, b, c, d } = this;
    const { length } = text;
    for (let at = 0; at <= length; at += 2) {
      const low = at < length ? text.charCodeAt(at) : length;
      const high = at + 1 < length ? text.charCodeAt(at + 1) : length >>> 16;
      const word = low | (high << 16);
      a = Math.imul(a ^ word, 0x85ebca6b);
      a = (a << 13) | (a >>> 19);
      b = Math.imul(b ^ word, 0xc2b2ae35);
      b = (b << 15) | (b >>> 17);
      c = Math.imul(c ^ word, 0x27d4eb2f);
      c = (c << 17) | (c >>> 15);
      d = Math.imul(d ^ word, 0x165667b1);
      d = (d << 19) | (d >>> 13);
    }
    a = Math.imul(a ^ length, 0x9e3779b1);
    b = Math.imul(b ^ length, 0x9e3779b1);
    c = Math.imul(c ^ length, 0x9e3779b1);
    d = Math.imul(d ^ length, 0x9e3779b1);
    this.a = a;
    this.b = b;
    this.c = c;
    this.d = d;
  }

  #finish(): void {
    this.a = scramble((this.a + this.b + this.c + this.d) | 0);
    this.b = scramble((this.b + this.a) | 0);
    this.c = scramble((this.c + this.a) | 0);
    this.d = scramble((this.d + this.a) | 0) || 1;
  }
}

/** A bijective finalizer: every input bit affects every output bit. */
function scramble(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
