import { randomUUID } from 'node:crypto';
import { wholeNumber } from '../whole-number.js';
import type { LoadPlan } from './load-plan.js';

/** What the command line says about the load, as given. */
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

/** Of an open loop: some 100 MB of this process's memory. */
const MAX_UNDER_WAY = 500_000;

/** @throws CommandError that names the flag and what is allowed. */
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
    maxUnderWay: flags.rate === undefined ? Number.POSITIVE_INFINITY : MAX_UNDER_WAY,
    drainMs: 10_000,
    userPrefix: `bench-${randomUUID().slice(0, 8)}-`,
    token: flags.token ?? process.env['IMCORE_TOKEN'] ?? '',
  };
}

export function pidOf({ pid }: BenchFlags): number | undefined {
  return pid === undefined ? undefined : wholeNumber('--pid', pid, 1, 0x7fffffff);
}
