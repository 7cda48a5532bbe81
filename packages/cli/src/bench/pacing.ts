/**
 * Schedule of an open loop: messages are due at a constant rate, independent of the server.
 *
 * If the generator is late or the server slow, overdue messages are due at once, and their latency counts from the
 * scheduled time. (A generator that waits for responses would not send just those messages that would have waited
 * longest: coordinated omission.)
 */
export class Pacing {
  readonly #startsAt: number;
  readonly #intervalMs: number;
  #taken = 0;

  constructor(startsAt: number, perSecond: number) {
    this.#startsAt = startsAt;
    this.#intervalMs = 1000 / perSecond;
  }

  /** Scheduled time of the next message. */
  get nextAt(): number {
    return this.#startsAt + this.#taken * this.#intervalMs;
  }

  /** Takes the next message that is due at `now`. Returns its scheduled time; undefined if none is due. */
  take(now: number): number | undefined {
    const { nextAt } = this;
    if (nextAt > now) return undefined;
    this.#taken += 1;
    return nextAt;
  }
}
