import type { Clock, Instant, Scheduled } from '@imcore/protocol';
import { platform } from './platform.js';

/** Maximum delay of `setTimeout`; a longer one would fire at once. */
const MAX_DELAY_MS = 0x7fffffff;

/**
 * The platform's clock. Without a monotonic clock, `Date.now()` is used and backward jumps are compensated, so that time
 * does not stand still until the clock has caught up.
 */
export class SystemClock implements Clock {
  #wallTime = 0;
  #setBackMs = 0;

  now(): Instant {
    if (platform.performance !== undefined) return platform.performance.now();
    const wallTime = Date.now();
    this.#setBackMs += Math.max(0, this.#wallTime - wallTime);
    this.#wallTime = wallTime;
    return wallTime + this.#setBackMs;
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
