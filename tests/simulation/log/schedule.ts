/** The virtual time of one run: what is scheduled happens in the order of its time. */
export class Schedule {
  now = 0;
  #events: { readonly at: number; readonly run: () => void }[] = [];

  after(ms: number, run: () => void): void {
    const at = this.now + ms;
    let low = 0;
    let high = this.#events.length;
    // The next event is the last one of the array.
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.at ?? 0) > at) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, { at, run });
  }

  /** Lets everything happen until `isDone`, or until a time. Returns whether it was done. */
  runUntil(end: number, isDone: () => boolean = () => false): boolean {
    for (;;) {
      if (isDone()) return true;
      const next = this.#events[this.#events.length - 1];
      if (next === undefined || next.at > end) break;
      this.#events.pop();
      this.now = next.at;
      next.run();
    }
    this.now = end;
    return isDone();
  }
}
