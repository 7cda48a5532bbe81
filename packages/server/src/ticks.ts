/** Counts what happens in one server, to tell what came first: two events can have the same time. */
export class Ticks {
  #last = 0;

  /** Returns a number that is larger than all before. */
  next(): number {
    this.#last += 1;
    return this.#last;
  }
}
