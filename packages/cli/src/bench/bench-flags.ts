import { randomUUID } from 'node:crypto';
import { CommandError } from '../command-error.js';
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

/** @throws CommandError that names the flag and what is allowed. */
export function planOf(flags: BenchFlags): LoadPlan {
  return {
    pairs: whole('--pairs', flags.pairs, 1, 10_000),
    window: whole('--window', flags.window, 1, 10_000),
    perSecond: flags.rate === undefined ? undefined : whole('--rate', flags.rate, 1, 1_000_000),
    sizeBytes: whole('--size', flags.size, 1, 1_000_000),
    alphabet: flags.chinese === true ? 'chinese' : 'ascii',
    receivers: flags.offline === true ? 'offline' : 'online',
    durationMs: whole('--duration', flags.duration, 1, 86_400) * 1000,
    warmupMs: whole('--warmup', flags.warmup, 0, 3600) * 1000,
    drainMs: 10_000,
    userPrefix: `bench-${randomUUID().slice(0, 8)}-`,
    token: flags.token ?? process.env['IMCORE_TOKEN'] ?? '',
  };
}

export function pidOf({ pid }: BenchFlags): number | undefined {
  return pid === undefined ? undefined : whole('--pid', pid, 1, 0x7fffffff);
}

function whole(flag: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new CommandError(`${flag} is ${JSON.stringify(text)}`, `Allowed: ${min} to ${max}.`);
  }
  return value;
}
