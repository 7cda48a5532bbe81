import { getHeapSpaceStatistics } from 'node:v8';
import { checkNames, type OptionNames } from '../check-options.js';
import { asError } from '../errors.js';
import { type Logger, silentLogger } from '../ports/logger.js';
import { systemClock } from '../scheduling/system-clock.js';
import { collectGarbage } from './collect-garbage.js';
import { watchLoad } from './process-load.js';
import { TrimPolicy } from './trim-policy.js';

const SAMPLE_EVERY_MS = 1000;

/** What {@link trimMemory} can be told. */
export interface TrimMemoryOptions {
  /** Told at level `debug` of each trim, and at level `warn` that there can be none. Default: nobody is. */
  readonly logger?: Logger | undefined;
}

const OPTIONS: OptionNames<TrimMemoryOptions> = { logger: true };

/**
 * Gives memory back to the system whenever the process has little to do after a burst, such as many logins at once.
 *
 * For programs that are a server and little else; `imcore serve` does so by default. V8 lets its young generation grow to
 * 32 MiB in a burst, and shrinks it only where next to nothing is allocated any more, which the keep-alives of a few
 * thousand sessions are enough to prevent. A trim stops the process for up to some 130 ms: it happens after three quiet
 * seconds, once in ten minutes at most, and only while the rest of the heap is no larger than 32 MiB.
 *
 * Keeps no process running. Ends by itself in a Node that has no inspector.
 *
 * @returns a function that ends it.
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
    // A logger that throws has nobody else to tell.
    trim().catch(() => {});
  };
  const trim = async (): Promise<void> => {
    const startedAt = systemClock.now();
    const residentBytes = process.memoryUsage.rss();
    try {
      await collectGarbage();
    } catch (error) {
      clearInterval(timer);
      logger.warn({ err: asError(error) }, 'cannot give memory back');
      return;
    }
    const givenBackBytes = residentBytes - process.memoryUsage.rss();
    const tookMs = Math.round(systemClock.now() - startedAt);
    logger.debug({ givenBackBytes, tookMs }, 'gave memory back');
  };
  const timer = setInterval(sample, SAMPLE_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** How large the two generations of the heap are. */
function generations(): { readonly youngBytes: number; readonly oldBytes: number } {
  let youngBytes = 0;
  let oldBytes = 0;
  for (const space of getHeapSpaceStatistics()) {
    if (space.space_name.startsWith('new_')) youngBytes += space.physical_space_size;
    else oldBytes += space.space_used_size;
  }
  return { youngBytes, oldBytes };
}
