import type { DuplicateWindowLimits, Instant } from '@imcore/protocol';

/**
 * The keys of recently received messages, for duplicate suppression. Kept in two generations; the older one is dropped
 * as a whole, so forgetting costs nothing per message.
 *
 * The protocol's `DuplicateWindow` stores digests, which pays for the many users of a server. A client stores few keys,
 * and its code must be small.
 */
export class SeenMessages {
  readonly #limits: DuplicateWindowLimits;
  #current = new Set<string>();
  #previous = new Set<string>();
  #turnsAt: Instant = 0;

  constructor(limits: DuplicateWindowLimits) {
    this.#limits = limits;
  }

  has(key: string): boolean {
    return this.#current.has(key) || this.#previous.has(key);
  }

  add(key: string, now: Instant): void {
    const { rememberMs, maxRemembered } = this.#limits;
    if (now >= this.#turnsAt || this.#current.size >= maxRemembered / 2) {
      this.#previous = this.#current;
      this.#current = new Set();
      this.#turnsAt = now + rememberMs;
    }
    this.#current.add(key);
  }
}
