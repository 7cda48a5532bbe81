import type { DeadLetter, Retention, StoreId } from '@imcore/server/ports';
import { COLUMNS } from './message-rows.js';
import type { MessageTable } from './message-table.js';
import { numberOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';

/** Rows that one scan for expired messages reads at a time, and in total: about 20 ms. */
const PAGE_ROWS = 1000;
const MAX_ROWS = 20_000;

/**
 * Removes what has expired, a limited number of rows at a time. Inside the caller's transactions.
 *
 * Ids grow with time, so a scan for expired messages starts where the last one ended and stops at the first message that
 * has not expired. It needs no index.
 */
export class Sweeper {
  readonly #messages: MessageTable;
  readonly #retention: Required<Retention>;
  readonly #rememberMs: number;
  readonly #page: Statement;
  readonly #message: Statement;
  readonly #kept: Statement;
  readonly #known: Statement;
  readonly #strip: Statement;
  /** No message up to this id is waiting. */
  #after: StoreId = 0;
  /** Where an unfinished scan continues; may be past messages with a time in the future. */
  #resumeAfter: StoreId | undefined;

  constructor(database: Database, messages: MessageTable, retention: Required<Retention>) {
    this.#messages = messages;
    this.#retention = retention;
    this.#rememberMs = Math.max(retention.rememberMs, retention.historyMs);
    this.#page = database.prepare(
      `SELECT id, state, coalesce(since, accepted_at) AS since FROM message WHERE id > ? ORDER BY id LIMIT ?`,
    );
    this.#message = database.prepare(`SELECT ${COLUMNS} FROM message WHERE id = ?`);
    this.#kept = database.prepare(
      'SELECT id FROM message INDEXED BY message_kept WHERE state = 1 AND done_at <= ? ORDER BY done_at LIMIT ?',
    );
    this.#known = database.prepare(
      `SELECT id, receiver, sender, fingerprint, coalesce(origin, id) AS origin
       FROM message INDEXED BY message_known WHERE state = 2 AND done_at <= ? ORDER BY done_at LIMIT ?`,
    );
    this.#strip = database.prepare('UPDATE message SET state = 2, body = NULL, pair = NULL WHERE id = ?');
  }

  /** Call after a rollback: messages that the scan had passed are waiting again. */
  restart(): void {
    this.#after = 0;
    this.#resumeAfter = undefined;
  }

  /** Deletes up to `limit` keys of confirmed messages that need not be remembered longer, and as many bodies. */
  forget(now: number, limit: number): void {
    for (const row of this.#kept.all(now - this.#retention.historyMs, limit))
      this.#strip.run(numberOf(row, 'id'));
    for (const row of this.#known.all(now - this.#rememberMs, limit)) this.#messages.erase(row);
  }

  /** Turns up to `limit` messages that have waited too long into dead letters. */
  expire(now: number, limit: number): readonly DeadLetter[] {
    const { maxAgeMs } = this.#retention;
    if (maxAgeMs === Number.POSITIVE_INFINITY) return [];
    const dead: DeadLetter[] = [];
    let after = this.#resumeAfter ?? this.#after;
    let mayPass = after === this.#after;
    this.#resumeAfter = undefined;
    for (let rows = 0; rows < MAX_ROWS; rows += PAGE_ROWS) {
      const page = this.#page.all(after, PAGE_ROWS);
      for (const row of page) {
        if (dead.length >= limit) {
          this.#resumeAfter = after;
          return dead;
        }
        after = numberOf(row, 'id');
        const since = numberOf(row, 'since');
        const waits = numberOf(row, 'state') === 0;
        if (waits && since < now - maxAgeMs)
          dead.push(this.#messages.addDeadLetter(this.#message.get(after), 'expired', now));
        // A time in the future comes from a wrong clock: such a message must not stop the scan.
        else if (waits && since <= now) return dead;
        else if (waits) mayPass = false;
        if (mayPass) this.#after = after;
      }
      if (page.length < PAGE_ROWS) return dead;
    }
    this.#resumeAfter = after;
    return dead;
  }
}
