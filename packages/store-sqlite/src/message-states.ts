import { numberOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';

/**
 * What becomes of a message's row when one of its entries, or its dead letter, is removed. Inside the caller's transactions.
 * See the schema for the states.
 */
export class MessageStates {
  readonly #taken: Statement;
  readonly #takenAll: Statement;
  readonly #echo: Statement;
  readonly #dead: Statement;
  readonly #gone: Statement;
  readonly #resent: Statement;

  /** @param keepsHistory whether taken messages are kept for the history */
  constructor(database: Database, keepsHistory: boolean) {
    // `refs` on the right is the number before.
    const taken = keepsHistory
      ? 'refs = refs - 1, state = 1'
      : 'refs = refs - 1, state = iif(refs = 1, 2, 1), body = iif(refs = 1, NULL, body)';
    this.#taken = database.prepare(`UPDATE message SET ${taken}, done_at = ?2 WHERE id = ?1`);
    this.#takenAll = database.prepare(
      `UPDATE message SET ${taken}, done_at = ?2 WHERE id IN (SELECT value FROM json_each(?1))`,
    );
    const isKey = keepsHistory ? 'refs = 1 AND state = 2' : 'refs = 1';
    this.#echo = database.prepare(
      `UPDATE message SET refs = refs - 1, echo = NULL, state = iif(${isKey}, 2, state), body = iif(${isKey}, NULL, body)
       WHERE id = ?`,
    );
    this.#dead = database.prepare(
      'UPDATE message SET state = 3, done_at = ?2, since = NULL WHERE id = ?1 RETURNING conversation',
    );
    this.#gone = database.prepare(
      `UPDATE message SET refs = refs - 1, state = 2, conversation = NULL, since = NULL, done_at = ?2,
       body = iif(refs = 1, NULL, body) WHERE id = ?1`,
    );
    this.#resent = database.prepare(
      'UPDATE message SET state = 0, position = ?2, since = ?3, done_at = NULL WHERE id = ?1',
    );
  }

  /** The entries of these messages, or their dead letters, are gone since a device has taken them. */
  taken(messages: readonly number[], at: number): void {
    const [first] = messages;
    if (first === undefined) return;
    if (messages.length === 1) this.#taken.run(first, at);
    else this.#takenAll.run(JSON.stringify(messages), at);
  }

  /** The echo of this message is gone. */
  echoRemoved(message: number): void {
    this.#echo.run(message);
  }

  /** This message has a dead letter instead of its entry. Returns its conversation. */
  dead(message: number, at: number): unknown {
    return this.#dead.get(message, at);
  }

  /** The entry of this message, or its dead letter, is gone and nobody has taken it: it leaves the history. */
  gone(message: number, at: number): void {
    this.#gone.run(message, at);
  }

  /** This message has an entry instead of its dead letter. */
  resent(message: number, position: number, at: number): void {
    this.#resent.run(message, position, at);
  }
}

/** Splits rows of removed entries into the messages of each kind. */
export function messagesOf(rows: readonly unknown[], kind: number): readonly number[] {
  return rows.filter((row) => numberOf(row, 'kind') === kind).map((row) => numberOf(row, 'message'));
}
