import type { Instant } from '@imcore/protocol';
import type { Position } from '../ports/message-store.js';

/**
 * How long a message is remembered at least, in milliseconds. At most twice as long, if others are added meanwhile. The session of a
 * peer that is gone ends sooner.
 */
const REMEMBER_MS = 600_000;

/** Maximum number of messages that are remembered of one user: the latest. */
const MAX_OF_USER = 1000;

/** Maximum number of messages that are remembered. Beyond it the older half is forgotten. */
export const MAX_WITHHELD = 500_000;

/**
 * Messages that this server has stored, for which `onStored` was not called because the receiver was online at another server. If
 * the receiver goes offline without acknowledging them, it must be called after all.
 */
export class WithheldNotices {
  readonly #max: number;
  #newer = new Map<string, Position[]>();
  #older = new Map<string, Position[]>();
  #newerSize = 0;
  #newerSince: Instant = Number.NEGATIVE_INFINITY;

  constructor(max = MAX_WITHHELD) {
    this.#max = max;
  }

  /** Remembers a message. Returns false if others were forgotten early, because there are too many. */
  add(userId: string, position: Position, now: Instant): boolean {
    const isComplete = this.#rotate(now);
    const positions = this.#newer.get(userId);
    // Most have one, and an array that grows from none takes 128 bytes more.
    if (positions === undefined) this.#newer.set(userId, [position]);
    else positions.push(position);
    if (positions !== undefined && positions.length > MAX_OF_USER) positions.shift();
    else this.#newerSize += 1;
    return isComplete;
  }

  has(userId: string): boolean {
    return this.#newer.has(userId) || this.#older.has(userId);
  }

  /** Removes and returns the messages of a user, oldest first. */
  take(userId: string): readonly Position[] {
    const newer = this.#newer.get(userId) ?? [];
    const older = this.#older.get(userId) ?? [];
    this.#newer.delete(userId);
    this.#older.delete(userId);
    this.#newerSize -= newer.length;
    // Messages that are withheld again are behind later ones.
    return [...older, ...newer].sort((a, b) => a - b);
  }

  #rotate(now: Instant): boolean {
    const age = now - this.#newerSince;
    const isFull = this.#newerSize >= this.#max / 2;
    if (age < REMEMBER_MS && !isFull) return true;
    const isComplete = age >= REMEMBER_MS || this.#older.size === 0;
    this.#older = age < 2 * REMEMBER_MS ? this.#newer : new Map();
    this.#newer = new Map();
    this.#newerSize = 0;
    this.#newerSince = now;
    return isComplete;
  }
}
