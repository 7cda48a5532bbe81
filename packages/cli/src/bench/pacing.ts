/**
 * When messages of an open loop are meant to leave: evenly, at a given rate, whatever the server does meanwhile.
 *
 * A late generator or a slow server does not thin out the schedule: what should have left earlier is due at once,
 * and its latency counts from when it was meant to leave. (A generator that waits for answers before it sends on
 * would leave out just the messages that would have waited longest.)
 */
export class Pacing {
  readonly #startsAt: number;
  readonly #intervalMs: number;
  #taken = 0;

  constructor(startsAt: number, perSecond: number) {
    this.#startsAt = startsAt;
    this.#intervalMs = 1000 / perSecond;
  }

  /** When the next message is meant to leave. */
  get nextAt(): number {
    return this.#startsAt + this.#taken * this.#intervalMs;
  }

  /** Takes the next message that is due at `now`. Returns when it was meant to leave, undefined where none is due. */
  take(now: number): number | undefined {
    const { nextAt } = this;
    if (nextAt > now) return undefined;
    this.#taken += 1;
    return nextAt;
  }
}
