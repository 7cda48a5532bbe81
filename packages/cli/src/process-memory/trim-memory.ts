import { getHeapSpaceStatistics } from 'node:v8';
import { checkNames, type Logger, type OptionNames, silentLogger, systemClock } from '@imcore/server/ports';
import { collectGarbage } from './collect-garbage.js';
import { watchLoad } from './process-load.js';
import { TrimPolicy } from './trim-policy.js';

const SAMPLE_EVERY_MS = 1000;

/** Options of {@link trimMemory}. */
export interface TrimMemoryOptions {
  /** Logs each trim at level `debug`, and at level `warn` that none is possible. Default: no log. */
  readonly logger?: Logger | undefined;
}

const OPTIONS: OptionNames<TrimMemoryOptions> = { logger: true };

/**
 * Returns memory to the operating system when the process is quiet after a burst, such as many logins at once.
 *
 * For programs that are only a server, such as `imcore serve`. V8 lets its young generation grow to 32 MiB in a burst, and
 * shrinks it only when almost nothing is allocated; the keep-alives of a few thousand sessions are enough to prevent that.
 * A trim blocks the process for up to about 130 ms. It runs after three quiet seconds, at most once every ten minutes, and
 * only while the rest of the heap is 32 MiB or less.
 *
 * Does not keep the process running. Stops by itself if Node has no inspector.
 *
 * @returns a function that stops it.
 * @throws UsageError `ERR_INVALID_OPTION`
 * @see docs/adr/0012-memory-given-back.md
 */
export function trimMemory(options: TrimMemoryOptions = {}): () => void {
  checkNames(options, OPTIONS);
  const { logger = silentLogger } = options;
  const policy = new TrimPolicy();
  const load = watchLoad();
  const sample = (): void => {
    if (!policy.shouldTrim({ now: systemClock.now(), load: load(), ...generations() })) return;
    // Only a logger that throws can make this reject, and there is nowhere else to report it.
    trim().catch(() => {});
  };
  const trim = async (): Promise<void> => {
    const startedAt = systemClock.now();
    const residentBytes = process.memoryUsage.rss();
    try {
      await collectGarbage();
    } catch (error) {
      clearInterval(timer);
      logger.warn({ err: error }, 'cannot return memory to the operating system');
      return;
    }
    const freedBytes = residentBytes - process.memoryUsage.rss();
    const tookMs = Math.round(systemClock.now() - startedAt);
    logger.debug({ freedBytes, tookMs }, 'returned memory to the operating system');
  };
  const timer = setInterval(sample, SAMPLE_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Sizes of the two generations of the heap. */
function generations(): { readonly youngBytes: number; readonly oldBytes: number } {
  let youngBytes = 0;
  let oldBytes = 0;
  for (const space of getHeapSpaceStatistics()) {
    if (space.space_name.startsWith('new_')) youngBytes += space.physical_space_size;
    else oldBytes += space.space_used_size;
  }
  return { youngBytes, oldBytes };
}
