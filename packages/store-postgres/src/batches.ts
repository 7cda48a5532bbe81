interface Call<Item, Result> {
  readonly items: readonly Item[];
  readonly resolve: (results: readonly Result[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs one batch at a time, in the order of the calls. Calls made meanwhile form the next batch.
 *
 * If a batch fails, all its calls reject. When the database does not respond, a call therefore waits at most two
 * timeouts.
 */
export class Batches<Item, Result> {
  readonly #maxItems: number;
  readonly #work: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #waiting: Call<Item, Result>[] = [];
  #isRunning = false;

  /** @param work returns one result for each item, in order. It gets up to `maxItems`, or more if one call has more. */
  constructor(maxItems: number, work: (items: readonly Item[]) => Promise<readonly Result[]>) {
    this.#maxItems = maxItems;
    this.#work = work;
  }

  /** Resolves with one result for each item, in order. */
  add(items: readonly Item[]): Promise<readonly Result[]> {
    if (items.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ items, resolve, reject });
      if (this.#isRunning) return;
      this.#isRunning = true;
      queueMicrotask(() => void this.#run());
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const calls = this.#next();
      try {
        const results = await this.#work(calls.flatMap(({ items }) => items));
        let from = 0;
        for (const { items, resolve } of calls) {
          resolve(results.slice(from, from + items.length));
          from += items.length;
        }
      } catch (error) {
        for (const { reject } of calls) reject(error);
      }
    }
    this.#isRunning = false;
  }

  /** The oldest calls that fit into one batch, at least one. */
  #next(): readonly Call<Item, Result>[] {
    let count = 0;
    let items = 0;
    for (const call of this.#waiting) {
      items += call.items.length;
      if (count > 0 && items > this.#maxItems) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}
