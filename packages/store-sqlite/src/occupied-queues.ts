import { numberOf, textOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';

/** A power of two. */
const BUCKETS = 2 ** 16;

/**
 * How long writes of other processes may go unnoticed, in milliseconds. Checking at each login would cost as much as the
 * rest of the login.
 */
const FRESH_MS = 5;

/** Maximum number of occupied users that are loaded. With more, the database is read each time. */
const MAX_LOADED = 20_000;

/**
 * Knows of most users, without reading the database, that nothing waits for them and that they have no named device. Most users
 * who log in have missed nothing, and the read was a third of the cost of a login.
 *
 * Counts the other users, who are occupied, in each hash bucket. Writes of another process, such as `imcore store`, are
 * detected within a few milliseconds, and all occupied users are loaded again.
 */
export class OccupiedQueues {
  readonly #version: Statement;
  readonly #all: Statement;
  readonly #counts = new Uint32Array(BUCKETS);
  #knownVersion: number | undefined = undefined;
  #isComplete = false;
  #refreshedAt = Number.NEGATIVE_INFINITY;

  constructor(database: Database) {
    this.#version = database.prepare('PRAGMA data_version');
    this.#all = database.prepare(
      'SELECT id FROM user INDEXED BY user_occupied WHERE v6 < last OR devices > 0 LIMIT ?',
    );
  }

  /** True only if the user is not occupied. May be false for others, too, and is false when the state is unknown. */
  isEmptyFor(receiver: string, now: number): boolean {
    if (Math.abs(now - this.#refreshedAt) >= FRESH_MS) this.#tryRefresh(now);
    return this.#isComplete && this.#counts[bucketOf(receiver)] === 0;
  }

  /** This connection has committed a change: a user became occupied (1) or no longer is (-1). */
  changed(receiver: string, by: 1 | -1): void {
    const bucket = bucketOf(receiver);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + by;
  }

  #tryRefresh(now: number): void {
    try {
      this.#refresh(now);
    } catch {
      // The reads will fail too, and they report it.
    }
  }

  /** Reloads the occupied users if another connection has written. If it throws, the state is unknown. */
  #refresh(now: number): void {
    const wasComplete = this.#isComplete;
    this.#isComplete = false;
    const version = numberOf(this.#version.get(), 'data_version');
    this.#refreshedAt = now;
    if (version === this.#knownVersion) {
      this.#isComplete = wasComplete;
      return;
    }
    this.#counts.fill(0);
    const rows = this.#all.all(MAX_LOADED + 1);
    this.#knownVersion = version;
    if (rows.length > MAX_LOADED) return;
    for (const row of rows) this.changed(textOf(row, 'id'), 1);
    this.#isComplete = true;
  }
}

function bucketOf(receiver: string): number {
  let hash = receiver.length;
  for (let at = 0; at < receiver.length; at++) {
    hash = Math.imul(hash ^ receiver.charCodeAt(at), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash & (BUCKETS - 1);
}
