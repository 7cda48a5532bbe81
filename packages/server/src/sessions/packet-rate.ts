import type { Instant } from '@imcore/protocol';

/** How fast one session sends: a token bucket that holds two seconds' worth. */
export class PacketRate {
  #emptyAt: Instant;

  constructor(now: Instant) {
    this.#emptyAt = now;
  }

  /**
   * Counts a packet. Returns 0 within the rate, else how long the session has to wait, in milliseconds.
   *
   * `#emptyAt` is the instant at which a sender at exactly the allowed rate would have sent what this one has.
   */
  count(now: Instant, perSecond: number): number {
    const spacing = 1000 / perSecond;
    if (this.#emptyAt < now) this.#emptyAt = now;
    this.#emptyAt += spacing;
    const ahead = this.#emptyAt - now;
    return ahead > 2000 ? ahead - 2000 : 0;
  }
}
