import { randomUUID } from 'node:crypto';
import { wholeNumber } from '../whole-number.js';
import type { LoadPlan } from './load-plan.js';

/** Flags of `imcore bench`, unparsed. */
export interface BenchFlags {
  readonly pairs: string;
  readonly window: string;
  readonly rate?: string | undefined;
  readonly size: string;
  readonly chinese?: boolean | undefined;
  readonly offline?: boolean | undefined;
  readonly duration: string;
  readonly warmup: string;
  readonly pid?: string | undefined;
  readonly token?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Limit for an open loop: about 100 MB of this process's memory. */
const MAX_IN_FLIGHT = 500_000;

/** @throws CommandError with the flag and its valid range. */
export function planOf(flags: BenchFlags): LoadPlan {
  return {
    pairs: wholeNumber('--pairs', flags.pairs, 1, 10_000),
    window: wholeNumber('--window', flags.window, 1, 10_000),
    perSecond: flags.rate === undefined ? undefined : wholeNumber('--rate', flags.rate, 1, 1_000_000),
    sizeBytes: wholeNumber('--size', flags.size, 1, 1_000_000),
    alphabet: flags.chinese === true ? 'chinese' : 'ascii',
    receivers: flags.offline === true ? 'offline' : 'online',
    durationMs: wholeNumber('--duration', flags.duration, 1, 86_400) * 1000,
    warmupMs: wholeNumber('--warmup', flags.warmup, 0, 3600) * 1000,
    maxInFlight: flags.rate === undefined ? Number.POSITIVE_INFINITY : MAX_IN_FLIGHT,
    drainMs: 10_000,
    userPrefix: `bench-${randomUUID().slice(0, 8)}-`,
    token: flags.token ?? process.env['IMCORE_TOKEN'] ?? '',
  };
}

export function pidOf({ pid }: BenchFlags): number | undefined {
  return pid === undefined ? undefined : wholeNumber('--pid', pid, 1, 0x7fffffff);
}
