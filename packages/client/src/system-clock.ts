import type { Clock, Instant, Scheduled } from '@imcore/protocol';
import { platform } from './platform.js';

/** The longest delay that timers take; a longer one would run at once. */
const MAX_DELAY_MS = 0x7fffffff;

/** The platform's time. Where the platform has no monotonic time, a step back of its clock is taken as standing still. */
export class SystemClock implements Clock {
  #latest: Instant = 0;

  now(): Instant {
    if (platform.performance !== undefined) return platform.performance.now();
    this.#latest = Math.max(this.#latest, Date.now());
    return this.#latest;
  }

  wallTime(): number {
    return Date.now();
  }

  schedule(at: Instant, run: () => void): Scheduled {
    let timer: unknown;
    const wait = (): void => {
      const remainingMs = at - this.now();
      timer = platform.setTimeout(
        remainingMs > MAX_DELAY_MS ? wait : run,
        Math.min(MAX_DELAY_MS, Math.max(0, Math.ceil(remainingMs))),
      );
    };
    wait();
    return { cancel: () => platform.clearTimeout(timer) };
  }
}
