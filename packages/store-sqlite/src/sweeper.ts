import type { DeadLetter, Retention, StoreId } from '@imcore/server/ports';
import type { Letters } from './letters.js';
import { COLUMNS } from './message-rows.js';
import { numberOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';

/** Rows that one look for overdue messages reads at a time, and at most: about 20 ms. */
const PAGE_ROWS = 1000;
const MAX_ROWS = 20_000;

/**
 * Takes away what has been kept long enough, a little at a time. Inside the caller's transactions.
 *
 * Messages wait in the order of their ids, so that a look for overdue ones begins where the last one ended, and ends
 * at the first that may still wait: no index has to be kept for it.
 */
export class Sweeper {
  readonly #letters: Letters;
  readonly #retention: Required<Retention>;
  readonly #rememberMs: number;
  readonly #page: Statement;
  readonly #message: Statement;
  readonly #kept: Statement;
  readonly #known: Statement;
  readonly #strip: Statement;
  /** No message up to this one waits. */
  #after: StoreId = 0;
  /** Where a look that was not finished goes on; behind messages that seem to come from the future. */
  #resume: StoreId | undefined;

  constructor(database: Database, letters: Letters, retention: Required<Retention>) {
    this.#letters = letters;
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

  /** After a transaction that was undone: what it had passed waits again. */
  beginAgain(): void {
    this.#after = 0;
    this.#resume = undefined;
  }

  /** Forgets up to `limit` confirmed messages that need not be known any more, and as many bodies. */
  forget(now: number, limit: number): void {
    for (const row of this.#kept.all(now - this.#retention.historyMs, limit))
      this.#strip.run(numberOf(row, 'id'));
    for (const row of this.#known.all(now - this.#rememberMs, limit)) this.#letters.erase(row);
  }

  /** Buries up to `limit` messages that have waited too long. */
  expire(now: number, limit: number): readonly DeadLetter[] {
    const { maxAgeMs } = this.#retention;
    if (maxAgeMs === Number.POSITIVE_INFINITY) return [];
    const dead: DeadLetter[] = [];
    let after = this.#resume ?? this.#after;
    let mayPass = after === this.#after;
    this.#resume = undefined;
    for (let rows = 0; rows < MAX_ROWS; rows += PAGE_ROWS) {
      const page = this.#page.all(after, PAGE_ROWS);
      for (const row of page) {
        if (dead.length >= limit) {
          this.#resume = after;
          return dead;
        }
        after = numberOf(row, 'id');
        const since = numberOf(row, 'since');
        const waits = numberOf(row, 'state') === 0;
        if (waits && since < now - maxAgeMs)
          dead.push(this.#letters.bury(this.#message.get(after), 'expired', now));
        // What seems to come from the future was stored while a clock was wrong: it must not protect all behind it.
        else if (waits && since <= now) return dead;
        else if (waits) mayPass = false;
        if (mayPass) this.#after = after;
      }
      if (page.length < PAGE_ROWS) return dead;
    }
    this.#resume = after;
    return dead;
  }
}
