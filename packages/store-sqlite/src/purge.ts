import { type PurgePage, StoreError } from '@imcore/server/ports';
import type { DeadLetterTable } from './dead-letter-table.js';
import { MESSAGE } from './entry-rows.js';
import type { LogTables } from './log-tables.js';
import { integerOf, numberOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';
import { toColumn } from './text-column.js';
import { waits } from './user.js';

interface Purged {
  readonly deleted: number;
  readonly next: PurgePage | undefined;
}

/**
 * Deletes old waiting messages and dead letters, page by page, in the caller's transactions. A page starts behind the id of a
 * message; of one user, behind a position or, in negative numbers, behind the number of a dead letter.
 */
export class Purge {
  readonly #tables: LogTables;
  readonly #deadLetters: DeadLetterTable;
  readonly #all: Statement;
  readonly #messagesOf: Statement;
  readonly #deadOf: Statement;

  constructor(database: Database, tables: LogTables, deadLetters: DeadLetterTable) {
    this.#tables = tables;
    this.#deadLetters = deadLetters;
    const columns = 'message.id AS id, state, accepted_at, receiver, message.position AS position';
    this.#all = database.prepare(
      `SELECT ${columns}, (SELECT id FROM dead WHERE user = receiver AND dead.position = message.position) AS dead_id
       FROM message WHERE message.id > ? AND state IN (0, 3) ORDER BY message.id LIMIT ?`,
    );
    this.#messagesOf = database.prepare(
      `SELECT ${columns}, NULL AS dead_id, entry.position AS place FROM entry JOIN message ON message.id = entry.message
       WHERE user = ? AND entry.position > ? AND kind = ${MESSAGE} ORDER BY entry.position LIMIT ?`,
    );
    this.#deadOf = database.prepare(
      `SELECT ${columns}, dead.id AS dead_id, dead.id AS place FROM dead JOIN message ON message.id = dead.message
       WHERE user = ? AND dead.id > ? ORDER BY dead.id LIMIT ?`,
    );
  }

  page(before: number, after: PurgePage, limit: number, userId: string | undefined, now: number): Purged {
    if (!Number.isSafeInteger(limit) || limit < 1)
      throw new StoreError('ERR_STORE_FAILED', `limit must be a whole number of 1 or more, got ${limit}`);
    return userId === undefined
      ? this.#pageOfAll(before, after, limit, now)
      : this.#pageOfUser(before, after, limit, userId, now);
  }

  #pageOfAll(before: number, after: PurgePage, limit: number, now: number): Purged {
    const rows = this.#all.all(after, limit);
    const deleted = this.#delete(rows, before, now);
    return { deleted, next: rows.length < limit ? undefined : numberOf(rows.at(-1), 'id') };
  }

  #pageOfUser(before: number, after: PurgePage, limit: number, userId: string, now: number): Purged {
    const user = this.#tables.users.find(toColumn(userId));
    if (user === undefined) return { deleted: 0, next: undefined };
    if (after >= 0) {
      const rows = this.#messagesOf.all(user.no, after, limit);
      const deleted = this.#delete(rows, before, now);
      return { deleted, next: rows.length < limit ? -1 : numberOf(rows.at(-1), 'place') };
    }
    const rows = this.#deadOf.all(user.no, -after - 1, limit);
    const deleted = this.#delete(rows, before, now);
    return { deleted, next: rows.length < limit ? undefined : -numberOf(rows.at(-1), 'place') - 1 };
  }

  #delete(rows: readonly unknown[], before: number, now: number): number {
    return rows.filter((row) => numberOf(row, 'accepted_at') < before && this.#deleteRow(row, now)).length;
  }

  /** Messages that a device has taken do not wait. */
  #deleteRow(row: unknown, now: number): boolean {
    const deadLetter = integerOf(row, 'dead_id');
    if (deadLetter !== undefined) return this.#deadLetters.discard(deadLetter, now);
    const user = this.#tables.users.byNo(numberOf(row, 'receiver'));
    const position = numberOf(row, 'position');
    const entry = user === undefined ? undefined : this.#tables.entries.at(user.no, position);
    if (user === undefined || entry === undefined || !waits(user, position, entry.isTaken)) return false;
    if (entry.message !== numberOf(row, 'id')) return false;
    this.#deadLetters.purge(user, entry, now);
    return true;
  }
}
