import { numberOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';

/** As in the column `kind`. */
export const MESSAGE = 0;
export const ECHO = 1;

/** A row of a log. */
export interface EntryRow {
  readonly position: number;
  readonly message: number;
  readonly kind: number;
  readonly size: number;
  readonly isTaken: boolean;
}

const COLUMNS = 'position, message, kind, size, taken';

/**
 * The entries of all logs, inside the caller's transactions. Those of new messages are gathered and added by one statement:
 * a call for each would cost more.
 */
export class EntryRows {
  readonly #insertNew: Statement;
  readonly #insert: Statement;
  readonly #page: Statement;
  readonly #at: Statement;
  readonly #flag: Statement;
  readonly #delete: Statement;
  readonly #deleteTaken: Statement;
  readonly #deleteRanges: Statement;
  readonly #waiting: Statement;
  readonly #first: Statement;
  readonly #firstUntaken: Statement;
  readonly #count: Statement;
  #firstNew = 0;
  #lastNew = 0;

  constructor(database: Database) {
    this.#insertNew = database.prepare(
      `INSERT INTO entry (user, position, message, kind, size, taken)
       SELECT receiver, position, id, ${MESSAGE}, size, 0 FROM message WHERE id BETWEEN ? AND ?`,
    );
    this.#insert = database.prepare(
      `INSERT INTO entry (user, position, message, kind, size, taken) VALUES (?, ?, ?, ?, ?, 0)`,
    );
    this.#page = database.prepare(
      `SELECT ${COLUMNS} FROM entry WHERE user = ? AND position > ? ORDER BY position LIMIT ?`,
    );
    this.#at = database.prepare(`SELECT ${COLUMNS} FROM entry WHERE user = ? AND position = ?`);
    this.#flag = database.prepare('UPDATE entry SET taken = 1 WHERE user = ? AND position = ?');
    this.#delete = database.prepare('DELETE FROM entry WHERE user = ? AND position = ?');
    this.#deleteTaken = database.prepare(
      `DELETE FROM entry WHERE user = ?1 AND position > ?2 AND position <= ?3
       AND (kind = ${ECHO} OR taken = 1 OR position <= ?4) RETURNING message, kind`,
    );
    this.#deleteRanges = database.prepare(
      `DELETE FROM entry WHERE (user, position) IN (
         SELECT entry.user, entry.position FROM json_each(?) AS range CROSS JOIN entry
         ON entry.user = range.value ->> 0 AND position > range.value ->> 1 AND position <= range.value ->> 2
       ) RETURNING message, kind`,
    );
    this.#waiting = database.prepare(
      `SELECT count(*) AS messages, coalesce(sum(size), 0) AS bytes FROM entry
       WHERE user = ? AND position > ? AND position <= ? AND kind = ${MESSAGE} AND taken = 0`,
    );
    this.#first = database.prepare('SELECT position FROM entry WHERE user = ? ORDER BY position LIMIT 1');
    this.#firstUntaken = database.prepare(
      `SELECT ${COLUMNS} FROM entry WHERE user = ? AND position > ? AND kind = ${MESSAGE} AND taken = 0
       ORDER BY position LIMIT 1`,
    );
    this.#count = database.prepare('SELECT count(*) AS n FROM entry WHERE user = ?');
  }

  /** A message was inserted with its position. Call {@link flush} before the commit. */
  add(message: number): void {
    if (this.#lastNew === 0) this.#firstNew = message;
    this.#lastNew = message;
  }

  /** Writes the entries of the messages that were added. */
  flush(): void {
    if (this.#lastNew === 0) return;
    this.#insertNew.run(this.#firstNew, this.#lastNew);
    this.#lastNew = 0;
  }

  /** Forgets the messages that were added and not written. */
  discard(): void {
    this.#lastNew = 0;
  }

  /** Adds an echo, or the entry of a message that was stored before. */
  insert(user: number, position: number, message: number, kind: number, size: number): void {
    this.#insert.run(user, position, message, kind, size);
  }

  /** The oldest entries after a position (exclusive). */
  page(user: number, after: number, limit: number): readonly EntryRow[] {
    this.flush();
    return this.#page.all(user, after, limit).map(toEntryRow);
  }

  at(user: number, position: number): EntryRow | undefined {
    this.flush();
    const row = this.#at.get(user, position);
    return row === undefined ? undefined : toEntryRow(row);
  }

  /** The v6 device has taken the entry, but not an older one. */
  flag(user: number, position: number): void {
    this.#flag.run(user, position);
  }

  delete(user: number, position: number): void {
    this.flush();
    this.#delete.run(user, position);
  }

  /** Deletes the entries after `from`, up to `to`, that are echoes or that the v6 device has taken: flagged, or up to `v6`. */
  deleteTaken(user: number, from: number, to: number, v6: number): readonly unknown[] {
    this.flush();
    return this.#deleteTaken.all(user, from, to, v6);
  }

  /** Deletes all entries of ranges: of a user, after a position, up to a position. Returns their messages and kinds. */
  deleteRanges(ranges: readonly (readonly [user: number, from: number, to: number])[]): readonly unknown[] {
    this.flush();
    return this.#deleteRanges.all(JSON.stringify(ranges));
  }

  /** What waits after `from`, up to `to`, if nothing there was taken as a whole. */
  waiting(user: number, from: number, to: number): { readonly messages: number; readonly bytes: number } {
    this.flush();
    const row = this.#waiting.get(user, from, to);
    return { messages: numberOf(row, 'messages'), bytes: numberOf(row, 'bytes') };
  }

  /** The position of the first entry of a log; undefined if it has none. */
  first(user: number): number | undefined {
    this.flush();
    const row = this.#first.get(user);
    return row === undefined ? undefined : numberOf(row, 'position');
  }

  /** The first message after a position that the v6 device has not taken. */
  firstUntaken(user: number, after: number): EntryRow | undefined {
    this.flush();
    const row = this.#firstUntaken.get(user, after);
    return row === undefined ? undefined : toEntryRow(row);
  }

  count(user: number): number {
    this.flush();
    return numberOf(this.#count.get(user), 'n');
  }
}

function toEntryRow(row: unknown): EntryRow {
  return {
    position: numberOf(row, 'position'),
    message: numberOf(row, 'message'),
    kind: numberOf(row, 'kind'),
    size: numberOf(row, 'size'),
    isTaken: numberOf(row, 'taken') === 1,
  };
}
