import type { Instant } from './clock.js';

/** The two durations of a client’s heartbeat, in milliseconds. */
export interface KeepAliveTimes {
  readonly keepAliveIntervalMs: number;
  readonly clientTimeoutMs: number;
}

/** What is due: a keep-alive to write, the link to give up, or nothing yet. */
export type KeepAliveDue = 'send' | 'link-lost' | undefined;

/**
 * A client's side of the heartbeat: writes at a fixed interval and declares the link lost when the server has been
 * silent for the time-out.
 *
 * A caller that wakes up much too late (throttled tab, closed lid) asks the server first: silence is only counted
 * while this side was awake to hear an answer.
 *
 * @see docs/protocol/SPEC.md#5-keep-alive-and-time-outs
 */
export class KeepAlive {
  readonly #times: KeepAliveTimes;
  #nextSendAt: Instant;
  #silentAt: Instant;

  /** Starts with the login's answer, at `now`. */
  constructor(times: KeepAliveTimes, now: Instant) {
    this.#times = times;
    this.#nextSendAt = now + times.keepAliveIntervalMs;
    this.#silentAt = now + times.clientTimeoutMs;
  }

  get nextDeadline(): Instant {
    return Math.min(this.#nextSendAt, this.#silentAt);
  }

  /** The server has answered. */
  answered(now: Instant): void {
    this.#silentAt = now + this.#times.clientTimeoutMs;
  }

  due(now: Instant): KeepAliveDue {
    const overslept = now - this.nextDeadline > this.#times.keepAliveIntervalMs;
    if (overslept) {
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
