/**
 * The positions of a log that a device has passed: delivered to its application, or known to be absent.
 *
 * `passed` is the end of what was passed. `handled` is the end of what needs nothing more: a position covers an entry only
 * when the application has handled it. Handlers may finish in any order; what is between the two is kept here, so the caller
 * limits how far `passed` may be ahead.
 */
export class PassedPositions {
  #handled: number;
  #passed: number;
  /** The ends of the ranges between the two, in order, and whether they are handled. */
  readonly #ranges = new Map<number, boolean>();

  constructor(position: number) {
    this.#handled = position;
    this.#passed = position;
  }

  get handled(): number {
    return this.#handled;
  }

  get passed(): number {
    return this.#passed;
  }

  /** Passes an entry at the next position, which the application must handle. */
  deliver(): number {
    this.#passed += 1;
    this.#ranges.set(this.#passed, false);
    return this.#passed;
  }

  /** Passes everything up to `to`, which is beyond `passed`. Nothing in it must be handled. */
  skipTo(to: number): void {
    this.#passed = to;
    this.#ranges.set(to, true);
    this.#settle();
  }

  /** The application has handled the entry at a position. Has no effect if it was handled already. */
  handle(position: number): void {
    if (!this.#ranges.has(position)) return;
    this.#ranges.set(position, true);
    this.#settle();
  }

  #settle(): void {
    for (const [end, isHandled] of this.#ranges) {
      if (!isHandled) return;
      this.#ranges.delete(end);
      this.#handled = end;
    }
  }
}
