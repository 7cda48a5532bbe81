/** Something with buffered output. */
export interface Flushable {
  flush(): void;
}

/** In quiet times, so many chunks of input are flushed without a `setImmediate`; then one turn is measured again. */
const UNMEASURED = 8;

/**
 * Combines the output of one turn of the event loop: one system call per connection, at the end of the turn.
 *
 * While turns have one chunk of input each, waiting gains nothing: output is flushed as soon as the chunk is handled, and
 * only one turn in nine is measured with a `setImmediate`. Measured: waiting for the end of a quiet turn increases the latency
 * of a single message by a fifth. Not waiting in busy turns costs 15 % more CPU if many connections exchange one message each.
 */
export class Flusher {
  #dirty: Flushable[] = [];
  /** Chunks of input in this turn so far, if it is measured. */
  #inputs = 0;
  #isTurnOpen = false;
  #wasQuiet = false;
  /** Chunks of input since the last measured turn. */
  #unmeasured = 0;
  /** Whether a chunk is being handled: {@link handled} then decides when to flush. */
  #isHandling = false;

  /** Registers a target with output. Call it once per flush. */
  add(target: Flushable): void {
    this.#dirty.push(target);
    if (!this.#isHandling) this.#openTurn();
  }

  /** A chunk of input is about to be handled. {@link handled} must follow. */
  handling(): void {
    this.#isHandling = true;
  }

  /** The chunk is handled. */
  handled(): void {
    this.#isHandling = false;
    if (this.#wasQuiet && !this.#isTurnOpen && this.#unmeasured < UNMEASURED) {
      this.#unmeasured += 1;
      this.#flush();
      return;
    }
    this.#inputs += 1;
    this.#openTurn();
    if (this.#wasQuiet && this.#inputs === 1) this.#flush();
  }

  #openTurn(): void {
    if (this.#isTurnOpen) return;
    this.#isTurnOpen = true;
    setImmediate(this.#endTurn);
  }

  readonly #endTurn = (): void => {
    this.#isTurnOpen = false;
    this.#wasQuiet = this.#inputs <= 1;
    this.#inputs = 0;
    this.#unmeasured = 0;
    this.#flush();
  };

  #flush(): void {
    const dirty = this.#dirty;
    if (dirty.length === 0) return;
    this.#dirty = [];
    for (const target of dirty) target.flush();
  }
}
