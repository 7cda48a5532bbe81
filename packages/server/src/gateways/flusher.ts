/** What gathers output. */
export interface Flushable {
  flush(): void;
}

/** While turns are quiet, one in so many pieces of input is watched for others in its turn: to watch costs an immediate. */
const WATCH_EVERY = 8;

/**
 * Lets everything that is written in one turn of the event loop leave together: one system call per connection,
 * right after the turn's input has been handled.
 *
 * While turns bring one piece of input each, nothing is to be gained by waiting: what was written leaves as soon as that
 * piece is handled. Waiting for the end of such a turn made a single message a fifth later; not to wait for it in busy
 * turns costs 15 % more CPU where many connections exchange one message each.
 */
export class Flusher {
  #dirty: Flushable[] = [];
  /** Pieces of input that this turn has brought so far. */
  #inputs = 0;
  #isTurnOpen = false;
  #wasQuiet = false;
  #unwatched = 0;
  #isHandling = false;

  /** `target` has output. To be called once until its next flush. */
  add(target: Flushable): void {
    this.#dirty.push(target);
    if (!this.#isHandling) this.#openTurn();
  }

  /** A piece of input is about to be handled. {@link handled} must follow. */
  handling(): void {
    this.#isHandling = true;
  }

  /** It is handled. */
  handled(): void {
    this.#isHandling = false;
    if (this.#wasQuiet && !this.#isTurnOpen && this.#unwatched < WATCH_EVERY) {
      this.#unwatched += 1;
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
    this.#unwatched = 0;
    this.#flush();
  };

  #flush(): void {
    const dirty = this.#dirty;
    if (dirty.length === 0) return;
    this.#dirty = [];
    for (const target of dirty) target.flush();
  }
}
