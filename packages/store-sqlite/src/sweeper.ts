import type { DeadLetter, MessageId } from '@imcore/server/ports';
import type { DeadLetterTable } from './dead-letter-table.js';
import { type EntryRow, MESSAGE } from './entry-rows.js';
import type { LogTables } from './log-tables.js';
import { integerOf, numberOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';
import { type User, waits } from './user.js';

/** Rows that one scan for expired messages reads at a time, and in total: about 20 ms. */
const PAGE_ROWS = 1000;
const MAX_ROWS = 20_000;
/** Young messages that a scan passes before it ends: a message behind them may have been accepted earlier. */
const MAX_YOUNG = 1000;

/** A message that has waited too long. */
interface Expired {
  readonly user: User;
  readonly entry: EntryRow;
}

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

  /** Turns up to `limit` messages that have waited too long into dead letters, each receiver's oldest first. */
  expire(now: number, limit: number): readonly DeadLetter[] {
    const { maxAgeMs } = this.#tables.retention;
    if (maxAgeMs === Number.POSITIVE_INFINITY) return [];
    const expired: Expired[] = [];
    this.#scan(now, limit, expired);
    const scanned = expired.length;
    for (const row of this.#resent.all(now - maxAgeMs, limit - scanned)) this.#add(row, expired);
    // A message that was resent has a later position than its id says.
    if (expired.length > scanned) expired.sort((a, b) => a.entry.position - b.entry.position);
    return expired.map(({ user, entry }) => this.#deadLetters.add(user, entry, 'expired', now));
  }

  /** Finds expired messages that were never resent. */
  #scan(now: number, limit: number, expired: Expired[]): void {
    const { maxAgeMs } = this.#tables.retention;
    let after = this.#resumeAfter ?? this.#after;
    let mayPass = after === this.#after;
    let young = 0;
    this.#resumeAfter = undefined;
    for (let rows = 0; rows < MAX_ROWS; rows += PAGE_ROWS) {
      const page = this.#page.all(after, PAGE_ROWS);
      for (const row of page) {
        if (expired.length >= limit) {
          this.#resumeAfter = after;
          return;
        }
        after = numberOf(row, 'id');
        const acceptedAt = numberOf(row, 'accepted_at');
        const mayWait = numberOf(row, 'state') === 0 && numberOf(row, 'resent') === 0;
        if (mayWait && acceptedAt < now - maxAgeMs) this.#add(row, expired);
        else if (mayWait) {
          mayPass = false;
          // A time in the future comes from a wrong clock: such a message must not stop the scan.
          if (acceptedAt <= now) young += 1;
          if (young > MAX_YOUNG) return;
        }
        if (mayPass) this.#after = after;
      }
      if (page.length < PAGE_ROWS) return;
    }
    this.#resumeAfter = after;
  }

  /** A message that a device has taken is passed over: it never waits again. */
  #add(row: unknown, expired: Expired[]): void {
    const { users, entries } = this.#tables;
    const user = users.byNo(numberOf(row, 'receiver'));
    const position = numberOf(row, 'position');
    if (user === undefined || !waits(user, position, false)) return;
    const entry = entries.at(user.no, position);
    if (entry === undefined || entry.kind !== MESSAGE || entry.message !== numberOf(row, 'id')) return;
    if (!entry.isTaken) expired.push({ user, entry });
  }
}
