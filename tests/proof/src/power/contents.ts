/** A change of a file's contents that a sync makes durable. */
export type Change =
  | { readonly kind: 'write'; readonly at: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly size: number };

/** The bytes of a file. Those that were never written read as zeros. */
export class Contents {
  #bytes: Buffer;
  #size: number;

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.#bytes = Buffer.from(bytes);
    this.#size = bytes.length;
  }

  /** A copy of the current bytes. */
  get bytes(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#size));
  }

  apply(change: Change): void {
    if (change.kind === 'truncate') {
      this.#reserve(change.size);
      if (change.size < this.#size) this.#bytes.fill(0, change.size, this.#size);
      this.#size = change.size;
      return;
    }
    const end = change.at + change.data.length;
    this.#reserve(end);
    change.data.copy(this.#bytes, change.at);
    this.#size = Math.max(this.#size, end);
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.length) return;
    const larger = Buffer.alloc(Math.max(size, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#size);
    this.#bytes = larger;
  }
}
