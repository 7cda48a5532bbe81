import type { Instant } from '@imcore/protocol';

/** How long an append is remembered, in milliseconds, at least; at most twice as long. */
const REMEMBER_MS = 10_000;

/** Maximum number of users that are remembered. Beyond it the older half is forgotten: a sweep finds what it stood for. */
const MAX_USERS = 200_000;

/**
 * The users for whom this server has appended messages in the last seconds, wherever they were: a session that becomes known
 * meanwhile may have read its queue before the append.
 */
export class RecentAppends {
  #newer = new Set<string>();
  #older = new Set<string>();
  #newerSince: Instant = Number.NEGATIVE_INFINITY;

  add(userId: string, now: Instant): void {
    this.#rotate(now);
    this.#newer.add(userId);
  }

  has(userId: string, now: Instant): boolean {
    this.#rotate(now);
    return this.#newer.has(userId) || this.#older.has(userId);
  }

  #rotate(now: Instant): void {
    const age = now - this.#newerSince;
    if (age < REMEMBER_MS && this.#newer.size < MAX_USERS / 2) return;
    this.#older = age < 2 * REMEMBER_MS ? this.#newer : new Set();
    this.#newer = new Set();
    this.#newerSince = now;
  }
}
