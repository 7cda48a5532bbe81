import type { DuplicateWindowLimits, Instant } from '@imcore/protocol';

/**
 * The messages that were handed on lately, by name. Kept in two generations of which the older is dropped whole, so that
 * forgetting costs nothing per message.
 *
 * A server remembers for many users at once and uses digests (`DuplicateWindow`); one client's memory is small, and its
 * code must be too.
 */
export class HandedOn {
  readonly #limits: DuplicateWindowLimits;
  #current = new Set<string>();
  #previous = new Set<string>();
  #turnsAt: Instant;

  constructor(now: Instant, limits: DuplicateWindowLimits) {
    this.#limits = limits;
    this.#turnsAt = now + limits.rememberMs;
  }

  has(name: string): boolean {
    return this.#current.has(name) || this.#previous.has(name);
  }

  add(name: string, now: Instant): void {
    const { rememberMs, maxRemembered } = this.#limits;
    if (now >= this.#turnsAt || this.#current.size >= maxRemembered / 2) {
      this.#previous = this.#current;
      this.#current = new Set();
      this.#turnsAt = now + rememberMs;
    }
    this.#current.add(name);
  }
}
