import { type Instant, KeepAlive, type KeepAliveDue, type KeepAliveTimes } from '@imcore/protocol';

/** The keep-alives of one link, and how long the server takes to answer them. */
export class Heartbeat {
  readonly #keepAlive: KeepAlive;
  #sentAt: Instant = 0;
  #unanswered = 0;

  /** Starts with the login's answer, at `now`. */
  constructor(times: KeepAliveTimes, now: Instant) {
    this.#keepAlive = new KeepAlive(times, now);
  }

  get nextDeadline(): Instant {
    return this.#keepAlive.nextDeadline;
  }

  due(now: Instant): KeepAliveDue {
    const due = this.#keepAlive.due(now);
    if (due === 'send') {
      this.#sentAt = now;
      this.#unanswered += 1;
    }
    return due;
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
}
