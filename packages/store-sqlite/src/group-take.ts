import type { LogPage, Position } from '@imcore/server/ports';
import { storeErrorOf } from './database.js';
import type { OccupiedQueues } from './occupied-queues.js';
import type { PageKind, Reader } from './reader.js';
import type { Database } from './sqlite-module.js';
import { toColumn } from './text-column.js';

interface Take {
  readonly kind: PageKind;
  readonly userId: string;
  readonly after: Position;
  readonly limit: number;
  readonly resolve: (page: LogPage) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads all pages that are requested in one turn of the event loop in one transaction: the file locks, which cost more
 * than a short read, are taken once. Each read succeeds or fails independently.
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

  /** Whether a user's queue is known to be empty. */
  isEmptyFor(userId: string): boolean {
    return this.#occupied.isEmptyFor(toColumn(userId), this.#now());
  }

  /** @throws StoreError when the page cannot be read */
  add(kind: PageKind, userId: string, after: Position, limit: number): Promise<LogPage> {
    return new Promise((resolve, reject) => {
      this.#takes.push({ kind, userId, after, limit, resolve, reject });
      if (this.#takes.length === 1) setImmediate(this.flush);
    });
  }

  /** Runs what is queued now. */
  readonly flush = (): void => {
    const takes = this.#takes;
    if (takes.length === 0) return;
    this.#takes = [];
    const isOpen = takes.length > 1 && succeeds(() => this.#database.exec('BEGIN'));
    for (const take of takes) this.#read(take);
    if (isOpen) succeeds(() => this.#database.exec('COMMIT'));
  };

  #read({ kind, userId, after, limit, resolve, reject }: Take): void {
    try {
      resolve(this.#reader.page(kind, userId, after, limit));
    } catch (error) {
      reject(storeErrorOf(error, 'SQLite'));
    }
  }
}

/** A failure here makes the reads fail too, and they report it; or it does not affect them. */
function succeeds(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
