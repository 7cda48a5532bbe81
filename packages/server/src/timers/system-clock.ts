import type { Clock, Scheduled } from '@imcore/protocol';

/** Maximum wait of `setTimeout`; a longer one would fire at once. */
const MAX_TIMEOUT_MS = 0x7fffffff;

/** The time of this machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  schedule(at, run): Scheduled {
    const wait = Math.min(MAX_TIMEOUT_MS, Math.max(0, Math.ceil(at - performance.now())));
    const timer = setTimeout(run, wait);
    return { cancel: () => clearTimeout(timer) };
  },
};
