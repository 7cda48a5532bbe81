import type { Sweep } from '@imcore/server/ports';
import { MESSAGE } from './entry-rows.js';
import type { LogTables } from './log-tables.js';
import { numberOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';
import { fromColumn } from './text-column.js';
import { type User, v6Holds } from './user.js';

/** Users that one step looks at: about 5 ms. */
const STEP_USERS = 2000;
/** Entries of one user that are trimmed in one step. */
const MAX_TRIMMED = 5000;
/** An append looks at the length of the log when its position is a multiple of this. */
const CHECK_EVERY = 64;
/** Users whose logs are known to be too long. */
const MAX_LONG = 10_000;

/**
 * Walks through all users, some at each step: finds entries that can be removed and were forgotten when the process ended, and
 * logs with more than `maxLogEntries`. Logs that grow are noticed at once.
 */
export class UserWalk {
  readonly #tables: LogTables;
  readonly #users: Statement;
  readonly #long = new Set<number>();
  #after = 0;

  constructor(database: Database, tables: LogTables) {
    this.#tables = tables;
    this.#users = database.prepare(
      `SELECT no, (SELECT position FROM entry WHERE user = no ORDER BY position LIMIT 1) AS first, last
       FROM user WHERE no > ? ORDER BY no LIMIT ?`,
    );
  }

  /** An entry was appended. */
  appended(user: User): void {
    const { maxLogEntries } = this.#tables.retention;
    if (user.last <= maxLogEntries || (user.last % CHECK_EVERY !== 0 && maxLogEntries > CHECK_EVERY)) return;
    if (this.#long.size < MAX_LONG) this.#long.add(user.no);
  }

  /** Takes one step: finds what can be removed, and logs that are too long. Inside a transaction. */
  step(now: number): void {
    const { maxLogEntries } = this.#tables.retention;
    this.#tables.entries.flush();
    const rows = this.#users.all(this.#after, STEP_USERS);
    this.#after = rows.length < STEP_USERS ? 0 : numberOf(rows.at(-1), 'no');
    for (const row of rows) {
      const first = numberOf(row, 'first');
      if (first === 0) continue;
      this.#findFree(numberOf(row, 'no'), first, now);
      if (numberOf(row, 'last') - first >= maxLogEntries && this.#long.size < MAX_LONG)
        this.#long.add(numberOf(row, 'no'));
    }
  }

  /** Removes the oldest entries of logs that are too long. Call it after entries that all devices have taken were removed. */
  trim(now: number): Sweep['trimmed'] {
    const trimmed: { userId: string; entries: number }[] = [];
    for (const no of this.#long) {
      this.#long.delete(no);
      const user = this.#tables.users.byNo(no);
      const entries = user === undefined ? 0 : this.#trim(user, now);
      if (user !== undefined && entries > 0) trimmed.push({ userId: fromColumn(user.id), entries });
    }
    return trimmed;
  }

  #findFree(no: number, first: number, now: number): void {
    const { users, devices, remover } = this.#tables;
    const user = users.byNo(no);
    if (user === undefined) return;
    const byNamed = devices.takenByAll(user);
    remover.add(user, first - 1, Math.min(byNamed, v6Holds(user) ? user.v6 : byNamed, user.last), now);
  }

  /** Removes the oldest entries that some device has taken. An echo counts as taken: by the device that has sent the message. */
  #trim(user: User, now: number): number {
    const { entries, states, users, retention } = this.#tables;
    const surplus = Math.min(entries.count(user.no) - retention.maxLogEntries, MAX_TRIMMED);
    let trimmed = 0;
    for (let after = 0; trimmed < surplus; ) {
      const page = entries.page(user.no, after, Math.max(surplus, 100));
      for (const { position, message, kind, isTaken } of page) {
        after = position;
        if (trimmed === surplus) break;
        const isFree = kind !== MESSAGE || isTaken || position <= user.v6 || position <= user.taken;
        if (!isFree) continue;
        entries.delete(user.no, position);
        if (kind === MESSAGE) states.taken([message], now);
        else states.echoRemoved(message);
        trimmed += 1;
      }
      if (page.length === 0) break;
    }
    if (trimmed > 0) users.unsettle(user);
    return trimmed;
  }
}
