import type { DeadLetter, DeadLetterCause, DeadLetterId } from '@imcore/server/ports';
import type { DamagedPlace } from './damaged-messages.js';
import { ECHO, type EntryRow, MESSAGE } from './entry-rows.js';
import { keyOf } from './hashes.js';
import type { LogTables } from './log-tables.js';
import {
  COLUMNS,
  causeNumber,
  DEAD_COLUMNS,
  DEAD_LETTERS,
  isIntact,
  MESSAGES,
  toDeadLetter,
} from './message-rows.js';
import { integerOf, numberOf, textOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';
import { limitFor, type User, waits } from './user.js';

/** Changes to dead letters, inside the caller's transactions. */
export class DeadLetterTable {
  readonly #tables: LogTables;
  readonly #message: Statement;
  readonly #insert: Statement;
  readonly #byId: Statement;
  readonly #oldest: Statement;
  readonly #atPosition: Statement;
  readonly #remove: Statement;
  readonly #strip: Statement;
  readonly #erase: Statement;
  #deleted: DeadLetter[] = [];

  constructor(database: Database, tables: LogTables) {
    this.#tables = tables;
    const select = `SELECT ${DEAD_COLUMNS}, ${COLUMNS} FROM ${DEAD_LETTERS}`;
    this.#message = database.prepare(`SELECT ${COLUMNS} FROM ${MESSAGES} WHERE message.id = ?`);
    this.#insert = database.prepare(
      'INSERT INTO dead (id, user, position, message, cause, dead_at) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#byId = database.prepare(`${select} WHERE dead.id = ?`);
    this.#oldest = database.prepare(`${select} ORDER BY dead.id LIMIT 1`);
    this.#atPosition = database.prepare(
      'SELECT id AS dead_id, message AS id FROM dead WHERE user = ? AND position = ?',
    );
    this.#remove = database.prepare('DELETE FROM dead WHERE id = ?');
    this.#strip = database.prepare(
      `UPDATE message SET state = 2, conversation = NULL, body = iif(refs = 0, NULL, body)
       WHERE id = ? AND state = 1`,
    );
    this.#erase = database.prepare('DELETE FROM message WHERE id IN (SELECT value FROM json_each(?))');
  }

  /** Turns a waiting message into a dead letter. Beyond `maxDeadLetters` the oldest dead letters are deleted. */
  add(user: User, entry: EntryRow, cause: DeadLetterCause, now: number): DeadLetter {
    const { totals, retention, conversations, states } = this.#tables;
    this.#removeEntry(user, entry);
    const id = totals.nextDeadLetter();
    this.#insert.run(id, user.no, entry.position, entry.message, causeNumber(cause), now);
    conversations.reduce(integerOf(states.dead(entry.message, now), 'conversation'));
    totals.addDeadLetters(1);
    const row = this.#message.get(entry.message);
    const deadLetter = toDeadLetter(row, { id, cause, deadLetteredAt: now });
    while (totals.deadLetters > retention.maxDeadLetters) {
      const oldest = this.#oldest.get();
      if (oldest === undefined) break;
      this.#deleted.push(toDeadLetter(oldest));
      this.#delete(oldest, now);
    }
    return deadLetter;
  }

  /** Dead letters deleted since the last call because there were more than `maxDeadLetters`. */
  takeDeleted(): readonly DeadLetter[] {
    const deleted = this.#deleted;
    this.#deleted = [];
    return deleted;
  }

  rolledBack(): void {
    this.#deleted = [];
  }

  /** A device has taken the message at this position before it became a dead letter. */
  confirm(user: User, position: number, now: number): void {
    const row = this.#atPosition.get(user.no, position);
    if (row === undefined) return;
    const message = numberOf(row, 'id');
    this.#remove.run(numberOf(row, 'dead_id'));
    this.#tables.totals.addDeadLetters(-1);
    this.#tables.states.taken([message], now);
    this.#returnToHistory(message);
  }

  /** Returns a dead letter to its log. Returns false if it is not a dead letter, is damaged, or there is no room. */
  resend(id: DeadLetterId, now: number): boolean {
    const { users, entries, states, totals, retention } = this.#tables;
    const row = Number.isSafeInteger(id) ? this.#byId.get(id) : undefined;
    if (row === undefined || !isIntact(row)) return false;
    const user = users.byNo(numberOf(row, 'receiver'));
    const size = numberOf(row, 'size');
    if (user === undefined || limitFor(user, size, retention) !== undefined) return false;
    const message = numberOf(row, 'id');
    user.last += 1;
    entries.flush();
    entries.insert(user.no, user.last, message, MESSAGE, size);
    states.resent(message, user.last, now);
    this.#remove.run(id);
    totals.addDeadLetters(-1);
    users.addWaiting(user, 1, size);
    this.#returnToHistory(message);
    return true;
  }

  /** Deletes a dead letter and remembers its key. Returns false if it is not a dead letter. */
  discard(id: DeadLetterId, now: number): boolean {
    const row = Number.isSafeInteger(id) ? this.#byId.get(id) : undefined;
    if (row === undefined) return false;
    this.#remove.run(id);
    this.#tables.totals.addDeadLetters(-1);
    this.#tables.states.gone(numberOf(row, 'id'), now);
    return true;
  }

  /** Deletes a waiting message and remembers its key. */
  purge(user: User, entry: EntryRow, now: number): void {
    const row = this.#message.get(entry.message);
    this.#removeEntry(user, entry);
    this.#tables.states.gone(entry.message, now);
    this.#tables.conversations.reduce(integerOf(row, 'conversation'));
  }

  /**
   * Sets a message aside that was found altered: one that waits becomes a dead letter, another one is deleted. So is an entry
   * that was altered, and does not belong to its message any more.
   */
  setAside({ message, user: no, position }: DamagedPlace, now: number): void {
    const row = this.#message.get(message);
    if (no === undefined || position === undefined) {
      if (row === undefined || isIntact(row)) return;
      if (numberOf(row, 'state') === 0)
        this.#setAsideEntry(row, numberOf(row, 'receiver'), numberOf(row, 'position'), now);
      this.#tables.conversations.reduce(integerOf(row, 'conversation'));
      this.#strip.run(message);
      return;
    }
    this.#setAsideEntry(row, no, position, now);
  }

  /** Deletes the rows of messages that nothing refers to, and their keys. */
  erase(rows: readonly unknown[]): void {
    if (rows.length === 0) return;
    const keys = rows.map((row) => ({
      hash: keyOf(textOf(row, 'receiver_id'), textOf(row, 'sender'), textOf(row, 'fingerprint')),
      id: numberOf(row, 'id'),
    }));
    keys.sort((a, b) => a.id - b.id);
    this.#tables.keys.removeAll(keys);
    this.#erase.run(JSON.stringify(keys.map(({ id }) => id)));
  }

  /** @param row of the message that the entry refers to; undefined if there is none */
  #setAsideEntry(row: unknown, no: number, position: number, now: number): void {
    const { users, entries, states } = this.#tables;
    const user = users.byNo(no);
    const entry = user === undefined ? undefined : entries.at(no, position);
    if (user === undefined || entry === undefined) return;
    const isDamaged = row !== undefined && !isIntact(row);
    if (entry.kind === ECHO) {
      const isOwn = textOf(row, 'sender') === user.id && numberOf(row, 'echo') === position;
      if (isOwn && !isDamaged) return;
      entries.delete(no, position);
      users.unsettle(user);
      if (isOwn) states.echoRemoved(entry.message);
      if (isDamaged && numberOf(row, 'state') === 0)
        this.#setAsideEntry(row, numberOf(row, 'receiver'), numberOf(row, 'position'), now);
      return;
    }
    const isOwn = numberOf(row, 'receiver') === no && numberOf(row, 'position') === position;
    if (isOwn && !isDamaged) return;
    // An intact message that belongs elsewhere is left alone.
    const isMine = isDamaged || (numberOf(row, 'receiver') === no && !this.#hasEntry(row));
    if (isMine && waits(user, position, entry.isTaken)) {
      this.add(user, entry, 'damaged', now);
      return;
    }
    this.#removeEntry(user, entry);
    if (!isMine) return;
    states.gone(entry.message, now);
    this.#tables.conversations.reduce(integerOf(row, 'conversation'));
  }

  /** Whether a message is where its row says. */
  #hasEntry(row: unknown): boolean {
    const entry = this.#tables.entries.at(numberOf(row, 'receiver'), numberOf(row, 'position'));
    return entry?.message === numberOf(row, 'id');
  }

  #removeEntry(user: User, { position, size, isTaken }: EntryRow): void {
    const { users, entries } = this.#tables;
    if (waits(user, position, isTaken)) users.addWaiting(user, -1, -size);
    entries.delete(user.no, position);
    if (position > user.v6) users.unsettle(user);
  }

  /** Deletes a dead letter with its key, unless the sender's log still has the message. */
  #delete(row: unknown, now: number): void {
    this.#remove.run(numberOf(row, 'dead_id'));
    this.#tables.totals.addDeadLetters(-1);
    if (numberOf(row, 'refs') === 1) this.erase([row]);
    else this.#tables.states.gone(numberOf(row, 'id'), now);
  }

  #returnToHistory(message: number): void {
    this.#tables.conversations.reduce(integerOf(this.#message.get(message), 'conversation'));
  }
}
