import { type Instant, KeepAlive, type KeepAliveDue, type KeepAliveTimes, NEVER } from '@imcore/protocol';

/** The keep-alives of one link, in turn and out of it, and how long the server takes to answer them. */
export class Heartbeat {
  readonly #times: KeepAliveTimes;
  readonly #keepAlive: KeepAlive;
  #sentAt: Instant = 0;
  #unanswered = 0;
  #probeMs = 0;
  /** Until when the server must say something, having been asked out of turn; NEVER where it was not. */
  #probeEndsAt: Instant = NEVER;

  /** Starts with the login's answer, at `now`. */
  constructor(times: KeepAliveTimes, now: Instant) {
    this.#times = times;
    this.#keepAlive = new KeepAlive(times, now);
  }

  get nextDeadline(): Instant {
    return Math.min(this.#keepAlive.nextDeadline, this.#probeEndsAt);
  }

  /** Whether the server was asked out of turn and has said nothing since. */
  get isProbing(): boolean {
    return this.#probeEndsAt !== NEVER;
  }

  /** How long the server may be silent now, in milliseconds. */
  get patienceMs(): number {
    return this.isProbing ? this.#probeMs : this.#times.clientTimeoutMs;
  }

  /** What is due. Who wakes up much too late after a probe could not hear its answer, and asks once more. */
  due(now: Instant): KeepAliveDue {
    if (now - this.#probeEndsAt > this.#probeMs) {
      this.probe(now, this.#probeMs);
      return 'send';
    }
    if (now >= this.#probeEndsAt) return 'link-lost';
    const due = this.#keepAlive.due(now);
    if (due === 'send') this.#asked(now);
    return due;
  }

  /** A keep-alive is written out of turn, to be answered by anything within `waitMs`. */
  probe(now: Instant, waitMs: number): void {
    this.#probeMs = waitMs;
    this.#probeEndsAt = now + waitMs;
    this.#asked(now);
  }

  /** The server has said something. */
  heard(): void {
    this.#probeEndsAt = NEVER;
  }

  /**
   * The server has answered. Returns when the keep-alive was sent; undefined where it cannot be told which one was
   * answered.
   */
  answered(now: Instant): Instant | undefined {
    this.#keepAlive.answered(now);
    const isClear = this.#unanswered === 1;
    this.#unanswered = 0;
    return isClear ? this.#sentAt : undefined;
  }

  #asked(now: Instant): void {
    this.#sentAt = now;
    this.#unanswered += 1;
  }
}
