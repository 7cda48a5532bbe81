/** A flush costs a round trip: it is asked for when so many bytes are new since the last one. */
const FLUSH_BYTES = 64 * 1024;

/**
 * Counts the bytes that were published and that no flush has confirmed. The library itself never refuses: for a server that
 * hangs it would fill the memory.
 */
export class UnconfirmedBytes {
  readonly #max: number;
  readonly #flush: () => Promise<void>;
  #bytes = 0;
  /** Those of `#bytes` that no flush under way covers. */
  #new = 0;
  #isFlushing = false;

  /** `flush` resolves when the server has read what was published before. It may stay pending or reject. */
  constructor(max: number, flush: () => Promise<void>) {
    this.#max = max;
    this.#flush = flush;
  }

  hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= this.#max;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    this.#new += bytes;
    this.#flushIfWorthIt();
  }

  #flushIfWorthIt(): void {
    if (this.#isFlushing || this.#new < FLUSH_BYTES) return;
    const covered = this.#new;
    this.#new = 0;
    this.#isFlushing = true;
    void this.#flush().then(
      () => {
        this.#bytes -= covered;
        this.#isFlushing = false;
        this.#flushIfWorthIt();
      },
      // The connection has broken, and the count ends with it.
      () => {},
    );
  }
}
