import { type Instant, KeepAlive, type KeepAliveDue, type KeepAliveTimes, NEVER } from '@imcore/protocol';

/** The keep-alives of one link: periodic ones, probes on demand, and their round-trip times. */
export class Heartbeat {
  readonly #times: KeepAliveTimes;
  readonly #keepAlive: KeepAlive;
  #sentAt: Instant = 0;
  #unanswered = 0;
  #probeMs = 0;
  /** When a probe times out; NEVER while there is no probe. */
  #probeEndsAt: Instant = NEVER;

  /** Starts at the login response, at `now`. */
  constructor(times: KeepAliveTimes, now: Instant) {
    this.#times = times;
    this.#keepAlive = new KeepAlive(times, now);
  }

  get nextDeadline(): Instant {
    return Math.min(this.#keepAlive.nextDeadline, this.#probeEndsAt);
  }

  /** Whether a probe was sent and no packet has been received since. */
  get isProbing(): boolean {
    return this.#probeEndsAt !== NEVER;
  }

  /** The current timeout for a response, in milliseconds. */
  get responseTimeoutMs(): number {
    return this.isProbing ? this.#probeMs : this.#times.clientTimeoutMs;
  }

  /** Returns what is due. If the caller wakes up too late to have received the probe's response, the probe is repeated. */
  due(now: Instant): KeepAliveDue {
    if (now - this.#probeEndsAt > this.#probeMs) {
      this.probe(now, this.#probeMs);
      return 'send';
    }
    if (now >= this.#probeEndsAt) return 'link-lost';
    const due = this.#keepAlive.due(now);
    if (due === 'send') this.#onSent(now);
    return due;
  }

  /** Starts a probe: the caller writes a keep-alive now, and any packet within `waitMs` counts as its response. */
  probe(now: Instant, waitMs: number): void {
    this.#probeMs = waitMs;
    this.#probeEndsAt = now + waitMs;
    this.#onSent(now);
  }

  /** A packet was received: ends a probe. */
  onPacket(): void {
    this.#probeEndsAt = NEVER;
  }

  /**
   * Records a keep-alive response. Returns when the keep-alive was sent; undefined if several are unanswered, since the
   * response does not say which one it belongs to.
   */
  answered(now: Instant): Instant | undefined {
    this.#keepAlive.answered(now);
    const isUnambiguous = this.#unanswered === 1;
    this.#unanswered = 0;
    return isUnambiguous ? this.#sentAt : undefined;
  }

  #onSent(now: Instant): void {
    this.#sentAt = now;
    this.#unanswered += 1;
  }
}
