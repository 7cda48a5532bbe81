import type { DeadLetter, MessageId } from '@imcore/server/ports';
import type { DeadLetterTable } from './dead-letter-table.js';
import { type EntryRow, MESSAGE } from './entry-rows.js';
import type { LogTables } from './log-tables.js';
import { integerOf, numberOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';
import { waits } from './user-rows.js';

/** Rows that one scan for expired messages reads at a time, and in total: about 20 ms. */
const PAGE_ROWS = 1000;
const MAX_ROWS = 20_000;
/** Young messages that a scan passes before it ends: a message behind them may have been accepted earlier. */
const MAX_YOUNG = 1000;

/**
 * Expires and forgets messages, a limited number of rows at a time. Inside the caller's transactions.
 *
 * Ids grow with time, so a scan for expired messages starts where the last one ended and stops soon after the first message
 * that has not expired. It needs no index. Messages that were resent are younger than their ids: they have an index.
 */
export class Sweeper {
  readonly #tables: LogTables;
  readonly #deadLetters: DeadLetterTable;
  readonly #rememberMs: number;
  readonly #page: Statement;
  readonly #resent: Statement;
  readonly #kept: Statement;
  readonly #known: Statement;
  readonly #strip: Statement;
  /** No message up to this id is waiting, except resent ones. */
  #after: MessageId = 0;
  /** Where an unfinished scan continues; may be past messages with a time in the future. */
  #resumeAfter: MessageId | undefined;

  constructor(database: Database, tables: LogTables, deadLetters: DeadLetterTable) {
    this.#tables = tables;
    this.#deadLetters = deadLetters;
    this.#rememberMs = Math.max(tables.retention.rememberMs, tables.retention.historyMs);
    this.#page = database.prepare(
      `SELECT id, state, since IS NOT NULL AS resent, accepted_at, receiver, position FROM message
       WHERE id > ? ORDER BY id LIMIT ?`,
    );
    this.#resent = database.prepare(
      `SELECT id, receiver, position FROM message INDEXED BY message_resent
       WHERE since IS NOT NULL AND state = 0 AND since < ? ORDER BY since LIMIT ?`,
    );
    this.#kept = database.prepare(
      `SELECT id, conversation FROM message INDEXED BY message_kept
       WHERE state = 1 AND refs = 0 AND done_at <= ? ORDER BY done_at LIMIT ?`,
    );
    this.#known = database.prepare(
      `SELECT message.id AS id, user.id AS receiver_id, sender, fingerprint
       FROM message INDEXED BY message_known JOIN user ON user.no = receiver
       WHERE state = 2 AND refs = 0 AND done_at <= ? ORDER BY done_at LIMIT ?`,
    );
    this.#strip = database.prepare(
      'UPDATE message SET state = 2, body = NULL, conversation = NULL WHERE id = ?',
    );
  }

  /** Call after a rollback: messages that the scan had passed are waiting again. */
  restart(): void {
    this.#after = 0;
    this.#resumeAfter = undefined;
  }

  /** Deletes up to `limit` keys of confirmed messages that need not be remembered longer, and as many bodies. */
  forget(now: number, limit: number): void {
    for (const row of this.#kept.all(now - this.#tables.retention.historyMs, limit)) {
      this.#strip.run(numberOf(row, 'id'));
      this.#tables.conversations.reduce(integerOf(row, 'conversation'));
    }
    this.#deadLetters.erase(this.#known.all(now - this.#rememberMs, limit));
  }

  /** Turns up to `limit` messages that have waited too long into dead letters. */
  expire(now: number, limit: number): readonly DeadLetter[] {
    const { maxAgeMs } = this.#tables.retention;
    if (maxAgeMs === Number.POSITIVE_INFINITY) return [];
    const dead: DeadLetter[] = [];
    this.#expireResent(now, limit, dead);
    let after = this.#resumeAfter ?? this.#after;
    let mayPass = after === this.#after;
    let young = 0;
    this.#resumeAfter = undefined;
    for (let rows = 0; rows < MAX_ROWS; rows += PAGE_ROWS) {
      const page = this.#page.all(after, PAGE_ROWS);
      for (const row of page) {
        if (dead.length >= limit) {
          this.#resumeAfter = after;
          return dead;
        }
        after = numberOf(row, 'id');
        const acceptedAt = numberOf(row, 'accepted_at');
        const mayWait = numberOf(row, 'state') === 0 && numberOf(row, 'resent') === 0;
        if (mayWait && acceptedAt < now - maxAgeMs) this.#expireRow(row, now, dead);
        else if (mayWait) {
          mayPass = false;
          // A time in the future comes from a wrong clock: such a message must not stop the scan.
          if (acceptedAt <= now) young += 1;
          if (young > MAX_YOUNG) return dead;
        }
        if (mayPass) this.#after = after;
      }
      if (page.length < PAGE_ROWS) return dead;
    }
    this.#resumeAfter = after;
    return dead;
  }

  #expireResent(now: number, limit: number, dead: DeadLetter[]): void {
    for (const row of this.#resent.all(now - this.#tables.retention.maxAgeMs, limit))
      this.#expireRow(row, now, dead);
  }

  /** A message that a device has taken is passed over: it never waits again. */
  #expireRow(row: unknown, now: number, dead: DeadLetter[]): void {
    const { users, entries } = this.#tables;
    const user = users.byNo(numberOf(row, 'receiver'));
    const position = numberOf(row, 'position');
    if (user === undefined || !waits(user, position, false)) return;
    const entry: EntryRow | undefined = entries.at(user.no, position);
    if (entry === undefined || entry.kind !== MESSAGE || entry.message !== numberOf(row, 'id')) return;
    if (!entry.isTaken) dead.push(this.#deadLetters.add(user, entry, 'expired', now));
  }
}
