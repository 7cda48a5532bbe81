import type { Database } from './sqlite-module.js';

interface Job {
  readonly read: () => unknown;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Does together, in one transaction, the reads of one turn of the event loop: they share the locks of the file, which
 * cost more than a short read does. Each succeeds or fails by itself.
 */
export class GroupRead {
  readonly #database: Database;
  readonly #before: () => void;
  #jobs: Job[] = [];

  /** @param before runs before the reads of each turn. What it throws, the reads find out for themselves. */
  constructor(database: Database, before: () => void) {
    this.#database = database;
    this.#before = before;
  }

  add<T>(read: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#jobs.push({ read, resolve, reject });
      if (this.#jobs.length === 1) setImmediate(() => this.flush());
    });
  }

  /** Does now what is there. */
  flush(): void {
    const jobs = this.#jobs;
    this.#jobs = [];
    if (jobs.length === 0) return;
    const isOpen = jobs.length > 1 && isDone(() => this.#database.exec('BEGIN'));
    isDone(this.#before);
    for (const job of jobs) answer(job);
    if (isOpen) isDone(() => this.#database.exec('COMMIT'));
  }
}

/** What hinders this hinders the reads as well, which then say so, or does not matter to them. */
function isDone(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

function answer({ read, resolve, reject }: Job): void {
  try {
    resolve(read() as never);
  } catch (error) {
    reject(error);
  }
}
