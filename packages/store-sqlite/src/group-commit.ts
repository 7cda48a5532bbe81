interface Job {
  readonly work: () => unknown;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Does together, in one transaction, what comes in one turn of the event loop: one wait for the disk serves all.
 *
 * What fails fails for all that were together: nobody is told that something is safe which was undone.
 */
export class GroupCommit {
  readonly #transaction: (work: () => void) => void;
  #jobs: Job[] = [];

  /** @param transaction does the work and commits, or throws and leaves nothing done. */
  constructor(transaction: (work: () => void) => void) {
    this.#transaction = transaction;
  }

  add<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#jobs.push({ work, resolve, reject });
      if (this.#jobs.length === 1) setImmediate(() => this.flush());
    });
  }

  /** Does now what is there. */
  flush(): void {
    const jobs = this.#jobs;
    this.#jobs = [];
    if (jobs.length === 0) return;
    const results: unknown[] = [];
    try {
      this.#transaction(() => {
        for (const { work } of jobs) results.push(work());
      });
    } catch (error) {
      for (const { reject } of jobs) reject(error);
      return;
    }
    for (const [index, { resolve }] of jobs.entries()) resolve(results[index] as never);
  }
}
