import type { JournalEntry } from './journal.js';

/**
 * How long each user was online while nothing was broken: a message for it has no reason to wait longer than a moment of
 * this time. Takes the entries of the journals in the order of time.
 *
 * A user whose node was closed is not online until it has logged in again, also if its client has not noticed: on UDP an
 * original client notices after ten seconds of silence.
 */
export class CalmTime {
  readonly #nodeOf = new Map<string, string>();
  /** Calm time of users who are online when they came online, in milliseconds of all calm time. */
  readonly #onlineAt = new Map<string, number>();
  /** What users had collected when they went offline. */
  readonly #collected = new Map<string, number>();
  /** All calm time before the last calm began or ended. */
  #total = 0;
  #calmSince: number | undefined = undefined;

  get isCalm(): boolean {
    return this.#calmSince !== undefined;
  }

  isOnline(userId: string): boolean {
    return this.#onlineAt.has(userId);
  }

  add(entry: JournalEntry): void {
    if (entry.kind === 'calm') this.#calmSince ??= entry.at;
    else if (entry.kind === 'began') this.#begin(entry.at, entry.closed);
    else if (entry.kind === 'online') {
      this.#offline(entry.userId, entry.at);
      this.#nodeOf.set(entry.userId, entry.node);
      this.#onlineAt.set(entry.userId, this.#totalAt(entry.at));
    } else if (entry.kind === 'offline') this.#offline(entry.userId, entry.at);
  }

  /** Calm time of a user until now, in milliseconds. */
  of(userId: string, now: number): number {
    const onlineAt = this.#onlineAt.get(userId);
    const current = onlineAt === undefined ? 0 : this.#totalAt(now) - onlineAt;
    return (this.#collected.get(userId) ?? 0) + current;
  }

  #begin(at: number, closed: string | undefined): void {
    this.#total = this.#totalAt(at);
    this.#calmSince = undefined;
    if (closed === undefined) return;
    for (const userId of [...this.#onlineAt.keys()])
      if (this.#nodeOf.get(userId) === closed) this.#offline(userId, at);
  }

  #offline(userId: string, at: number): void {
    this.#collected.set(userId, this.of(userId, at));
    this.#onlineAt.delete(userId);
  }

  #totalAt(now: number): number {
    return this.#total + (this.#calmSince === undefined ? 0 : now - this.#calmSince);
  }
}
