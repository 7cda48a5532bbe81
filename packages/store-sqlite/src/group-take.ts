import type { StoreId, WaitingMessage } from '@imcore/server/ports';
import { storeErrorOf } from './database.js';
import type { OccupiedQueues } from './occupied-queues.js';
import type { Reader } from './reader.js';
import type { Database } from './sqlite-module.js';
import { toColumn } from './text-column.js';

const NOTHING: Promise<readonly WaitingMessage[]> = Promise.resolve([]);

interface Take {
  readonly userId: string;
  readonly after: StoreId | undefined;
  readonly limit: number;
  readonly resolve: (page: readonly WaitingMessage[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads together, in one transaction, the pages that are asked for in one turn of the event loop: they share the locks
 * of the file, which cost more than a short read does. Each succeeds or fails by itself. For whom nothing waits nothing
 * is read.
 */
export class GroupTake {
  readonly #database: Database;
  readonly #reader: Reader;
  readonly #occupied: OccupiedQueues;
  readonly #now: () => number;
  #takes: Take[] = [];

  /** @param now milliseconds since 1970 */
  constructor(database: Database, reader: Reader, occupied: OccupiedQueues, now: () => number) {
    this.#database = database;
    this.#reader = reader;
    this.#occupied = occupied;
    this.#now = now;
  }

  /** Whether it is known that nothing waits for a user. */
  isEmptyFor(userId: string): boolean {
    return this.#occupied.isEmptyFor(toColumn(userId), this.#now());
  }

  /** @throws StoreError when the page cannot be read */
  add(userId: string, after: StoreId | undefined, limit: number): Promise<readonly WaitingMessage[]> {
    if (this.isEmptyFor(userId)) return NOTHING;
    return new Promise((resolve, reject) => {
      this.#takes.push({ userId, after, limit, resolve, reject });
      if (this.#takes.length === 1) setImmediate(this.flush);
    });
  }

  /** Does now what is there. */
  readonly flush = (): void => {
    const takes = this.#takes;
    if (takes.length === 0) return;
    this.#takes = [];
    const isOpen = takes.length > 1 && isDone(() => this.#database.exec('BEGIN'));
    for (const take of takes) this.#read(take);
    if (isOpen) isDone(() => this.#database.exec('COMMIT'));
  };

  #read({ userId, after, limit, resolve, reject }: Take): void {
    try {
      resolve(this.#reader.take(userId, after, limit));
    } catch (error) {
      reject(storeErrorOf(error, 'SQLite'));
    }
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
