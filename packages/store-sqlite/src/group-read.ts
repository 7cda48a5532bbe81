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
  #jobs: Job[] = [];

  constructor(database: Database) {
    this.#database = database;
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
    if (jobs.length < 2) {
      for (const job of jobs) answer(job);
      return;
    }
    const isOpen = this.#isDone('BEGIN');
    for (const job of jobs) answer(job);
    if (isOpen) this.#isDone('COMMIT');
  }

  /** What hinders a transaction hinders the reads as well, which then say so, or does not matter to them. */
  #isDone(statement: 'BEGIN' | 'COMMIT'): boolean {
    try {
      this.#database.exec(statement);
      return true;
    } catch {
      return false;
    }
  }
}

function answer({ read, resolve, reject }: Job): void {
  try {
    resolve(read() as never);
  } catch (error) {
    reject(error);
  }
}
