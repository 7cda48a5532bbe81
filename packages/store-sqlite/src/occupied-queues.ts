import { numberOf, textOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';

/** A power of two. */
const BUCKETS = 2 ** 16;

/** How long others' writes may go unnoticed, in milliseconds: to ask for each login costs as much as the rest of it. */
const FRESH_MS = 5;

/** Queues that are read at once. Where there are more, the database is asked each time. */
const MAX_LEARNED = 20_000;

/**
 * Tells of most users that nothing waits for them, without a look into the database: most who log in have missed
 * nothing, and the look was a third of what a login cost.
 *
 * Counts how many users with a mailbox share a hash. What another process has written, as the command line does, is
 * noticed and learned anew: a look that comes a few milliseconds later counts as one that came before.
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
    this.#all = database.prepare('SELECT receiver FROM mailbox LIMIT ?');
  }

  /** True for a user for whom nothing waits; false for all others, for a few more, and where nobody can tell. */
  isEmptyFor(receiver: string, now: number): boolean {
    if (Math.abs(now - this.#refreshedAt) >= FRESH_MS) this.#refresh(now);
    return this.#isComplete && this.#counts[bucketOf(receiver)] === 0;
  }

  /** This connection has given a user a mailbox, or has taken it away, and that is committed. */
  changed(receiver: string, by: 1 | -1): void {
    const bucket = bucketOf(receiver);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + by;
  }

  #refresh(now: number): void {
    try {
      this.#learn(now);
    } catch {
      // What hinders this hinders the reads as well, which then say so.
    }
  }

  /** Learns what this connection did not write itself. Knows nothing where it throws. */
  #learn(now: number): void {
    const wasComplete = this.#isComplete;
    this.#isComplete = false;
    const version = numberOf(this.#version.get(), 'data_version');
    this.#refreshedAt = now;
    if (version === this.#knownVersion) {
      this.#isComplete = wasComplete;
      return;
    }
    this.#counts.fill(0);
    const rows = this.#all.all(MAX_LEARNED + 1);
    this.#knownVersion = version;
    if (rows.length > MAX_LEARNED) return;
    for (const row of rows) this.changed(textOf(row, 'receiver'), 1);
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
