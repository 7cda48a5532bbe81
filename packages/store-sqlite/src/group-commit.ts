interface Job {
  readonly work: () => unknown;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs all work of one turn of the event loop in one transaction: one sync to the disk for all of it.
 *
 * If the transaction fails, every caller's promise rejects: no caller is told that undone work was stored.
 */
export class GroupCommit {
  readonly #transaction: (work: () => void) => void;
  #jobs: Job[] = [];

  /** @param transaction does the work and commits, or throws after a rollback. */
  constructor(transaction: (work: () => void) => void) {
    this.#transaction = transaction;
  }

  add<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#jobs.push({ work, resolve, reject });
      if (this.#jobs.length === 1) setImmediate(() => this.flush());
    });
  }

  /** Runs what is queued now. */
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
