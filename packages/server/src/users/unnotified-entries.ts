import type { Position } from '../ports/message-store.js';

/** Maximum number of entries of one user: the latest. */
const MAX_UNNOTIFIED = 1000;

/**
 * Entries of an online user's log that no session has acknowledged yet, and for which `onStored` was not called: it is if the user
 * goes offline without them.
 */
export class UnnotifiedEntries {
  /** In the order of the log. */
  readonly #positions = new Set<Position>();

  get isEmpty(): boolean {
    return this.#positions.size === 0;
  }

  get positions(): readonly Position[] {
    return [...this.#positions];
  }

  /** Returns false if the oldest was forgotten, because there are too many. */
  add(position: Position): boolean {
    this.#positions.add(position);
    if (this.#positions.size <= MAX_UNNOTIFIED) return true;
    for (const oldest of this.#positions) {
      this.#positions.delete(oldest);
      break;
    }
    return false;
  }

  remove(position: Position): void {
    this.#positions.delete(position);
  }

  removeUpTo(position: Position): void {
    for (const first of this.#positions) {
      if (first > position) return;
      this.#positions.delete(first);
    }
  }
}
