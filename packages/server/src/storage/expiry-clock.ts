import type { Instant } from '@imcore/protocol';

/** How long a wall clock that has jumped forward must agree with the monotonic clock before it is believed, in milliseconds. */
const BELIEVED_AFTER_MS = 60 * 60 * 1000;

/**
 * The same after the start of the server, when there is no earlier reading to compare with. Shorter, so that a server that is
 * often restarted expires messages too.
 */
const BELIEVED_AFTER_START_MS = 5 * 60 * 1000;

/** How much the two clocks may drift apart between two readings, in milliseconds. */
const MAX_DRIFT_MS = 1000;

/** A reading of the clocks. `now`: undefined while no time is believed. */
interface ExpiryTime {
  readonly now: number | undefined;
  /** How far the wall clock has jumped ahead, in milliseconds, if this reading is the first to show it. */
  readonly jumpedMs: number | undefined;
}

/**
 * The time by which messages expire: the wall clock, unless it jumps forward. What has expired is not delivered any more, so one
 * wrong reading must not decide it.
 *
 * A jump that the monotonic clock does not show is believed when both clocks have agreed on it for an hour. Until then, time
 * goes on from the last believed reading. A machine that was suspended jumps too: its messages expire an hour later. A step
 * back is believed at once: it only makes messages expire later.
 *
 * @see docs/adr/0019-expiry-does-not-trust-a-jump.md
 */
export class ExpiryClock {
  /** Wall clock minus monotonic clock, as it is believed. */
  #believed: number | undefined = undefined;
  #candidate: { offset: number; readonly since: Instant } | undefined = undefined;

  /** Called about once a minute. */
  read(wallTime: number, now: Instant): ExpiryTime {
    const offset = wallTime - now;
    if (this.#believed !== undefined && offset <= this.#believed + MAX_DRIFT_MS) {
      this.#believed = offset;
      this.#candidate = undefined;
      return { now: wallTime, jumpedMs: undefined };
    }
    const jumpedMs = this.#follow(offset, now);
    const { since } = this.#candidate ?? { since: now };
    const afterMs = this.#believed === undefined ? BELIEVED_AFTER_START_MS : BELIEVED_AFTER_MS;
    if (now - since >= afterMs) {
      this.#believed = offset;
      this.#candidate = undefined;
    }
    return { now: this.#believed === undefined ? undefined : now + this.#believed, jumpedMs };
  }

  /** Follows a clock that is not believed yet. Returns how far it is ahead when it starts over. */
  #follow(offset: number, now: Instant): number | undefined {
    const candidate = this.#candidate;
    if (candidate !== undefined && Math.abs(offset - candidate.offset) <= MAX_DRIFT_MS) {
      candidate.offset = offset;
      return undefined;
    }
    this.#candidate = { offset, since: now };
    return this.#believed === undefined ? undefined : offset - this.#believed;
  }
}
