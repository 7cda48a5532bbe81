import type { Instant } from './clock.js';

/** The durations of a client's heartbeat, in milliseconds. */
export interface KeepAliveTimes {
  /** Time between keep-alives. */
  readonly keepAliveIntervalMs: number;
  /** Time without a keep-alive response after which the link is lost. */
  readonly clientTimeoutMs: number;
}

/** What is due: write a keep-alive, declare the link lost, or nothing. */
export type KeepAliveDue = 'send' | 'link-lost' | undefined;

/**
 * The client's side of the heartbeat: sends keep-alives at a fixed interval and declares the link lost when the server
 * has not answered within the timeout.
 *
 * If the caller wakes up more than one interval late (throttled tab, suspended device), the timeout is extended, so that
 * a keep-alive can be sent and answered first.
 *
 * @see docs/protocol/SPEC.md#5-keep-alive-and-time-outs
 */
export class KeepAlive {
  readonly #times: KeepAliveTimes;
  #nextSendAt: Instant;
  #silentAt: Instant;

  /** Starts at the login response, at `now`. */
  constructor(times: KeepAliveTimes, now: Instant) {
    this.#times = times;
    this.#nextSendAt = now + times.keepAliveIntervalMs;
    this.#silentAt = now + times.clientTimeoutMs;
  }

  /** When `due` must be called next. */
  get nextDeadline(): Instant {
    return Math.min(this.#nextSendAt, this.#silentAt);
  }

  /** Records a keep-alive response. */
  answered(now: Instant): void {
    this.#silentAt = now + this.#times.clientTimeoutMs;
  }

  /** Returns what is due at `now`. */
  due(now: Instant): KeepAliveDue {
    const isLate = now - this.nextDeadline > this.#times.keepAliveIntervalMs;
    if (isLate) {
      this.#silentAt = Math.max(
        this.#silentAt,
        now + this.#times.clientTimeoutMs - this.#times.keepAliveIntervalMs,
      );
    }
    if (now >= this.#silentAt) return 'link-lost';
    if (now < this.#nextSendAt) return undefined;
    this.#nextSendAt = now + this.#times.keepAliveIntervalMs;
    return 'send';
  }
}
