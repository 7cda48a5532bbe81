import type { DeadLetter, HistoryQuery, StoreId, UserQueue, WaitingMessage } from '@imcore/server/ports';
import type { DamagedMessages } from './damaged-messages.js';
import { pairOf } from './hashes.js';
import { COLUMNS, isIntact, toDeadLetter, toIntactMessage } from './message-rows.js';
import { numberOf, textOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';
import { fromColumn, toColumn } from './text-column.js';

/** Queries that change nothing. */
export class Reader {
  readonly #page: Statement;
  readonly #dead: Statement;
  readonly #deadOf: Statement;
  readonly #history: Statement;
  readonly #largest: Statement;
  readonly #oldest: Statement;

  readonly #damaged: DamagedMessages;

  /** @param damaged gets the messages that were altered in the file; they are not returned */
  constructor(database: Database, damaged: DamagedMessages) {
    this.#damaged = damaged;
    this.#page = database.prepare(
      `SELECT ${COLUMNS} FROM message INDEXED BY message_waiting
       WHERE receiver = ? AND id > ? AND state = 0 ORDER BY id LIMIT ?`,
    );
    this.#dead = database.prepare(
      `SELECT ${COLUMNS} FROM message INDEXED BY message_dead WHERE id > ? AND state = 3 ORDER BY id LIMIT ?`,
    );
    this.#deadOf = database.prepare(
      `SELECT ${COLUMNS} FROM message INDEXED BY message_dead
       WHERE id > ? AND receiver = ? AND state = 3 ORDER BY id LIMIT ?`,
    );
    this.#history = database.prepare(
      `SELECT ${COLUMNS} FROM message INDEXED BY message_pair
       WHERE pair = ? AND id < ? AND state IN (0, 1) ORDER BY id DESC LIMIT ?`,
    );
    this.#largest = database.prepare(
      'SELECT receiver, messages, bytes FROM mailbox ORDER BY messages DESC, receiver LIMIT ?',
    );
    this.#oldest = database.prepare('SELECT accepted_at FROM message WHERE state = 0 ORDER BY id LIMIT 1');
  }

  take(userId: string, after: StoreId | undefined, limit: number): readonly WaitingMessage[] {
    const receiver = toColumn(userId);
    const rows = this.#page.all(receiver, after ?? 0, limit);
    const messages: WaitingMessage[] = [];
    for (const row of rows) {
      const message = toIntactMessage(row);
      if (message !== undefined) messages.push(message);
    }
    return messages.length === rows.length ? messages : this.#fillUp(receiver, rows, messages, limit);
  }

  /** Reports damaged messages; returns the intact ones, and those that follow instead of the damaged ones. */
  #fillUp(
    receiver: string,
    rows: readonly unknown[],
    intact: readonly WaitingMessage[],
    limit: number,
  ): readonly WaitingMessage[] {
    this.#damaged.report(
      rows.filter((row) => !isIntact(row)),
      receiver,
    );
    const missing = limit - intact.length;
    if (rows.length < limit) return intact;
    return [...intact, ...this.take(fromColumn(receiver), numberOf(rows.at(-1), 'id'), missing)];
  }

  deadLetters(after: StoreId | undefined, limit: number, userId?: string): readonly DeadLetter[] {
    const rows =
      userId === undefined
        ? this.#dead.all(after ?? 0, limit)
        : this.#deadOf.all(after ?? 0, toColumn(userId), limit);
    return rows.map((row) => toDeadLetter(row));
  }

  history({ a, b, before, limit }: HistoryQuery): readonly WaitingMessage[] {
    const pair = pairOf(toColumn(a), toColumn(b));
    const rows = this.#history.all(pair, before ?? Number.MAX_SAFE_INTEGER, limit);
    this.#damaged.report(rows.filter((row) => !isIntact(row)));
    return rows.map(toIntactMessage).filter((message) => message !== undefined);
  }

  /** The users with the longest queues. Reads the size of every queue. */
  largest(limit: number): readonly UserQueue[] {
    return this.#largest.all(limit).map((row) => ({
      userId: fromColumn(textOf(row, 'receiver')),
      messages: numberOf(row, 'messages'),
      bytes: numberOf(row, 'bytes'),
    }));
  }

  /** When the oldest waiting message was accepted, milliseconds since 1970. */
  oldestAcceptedAt(): number | undefined {
    const row = this.#oldest.get();
    return row === undefined ? undefined : numberOf(row, 'accepted_at');
  }
}
