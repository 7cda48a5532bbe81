import type { OptionNames } from '../check-options.js';
import { UsageError } from '../errors.js';

/** How much may wait, for how long, and what then. Every store takes these among its options, and keeps to them. */
export interface Retention {
  /** Messages that wait for one user at most. Default 100 000; the memory store's 10 000. */
  readonly maxPerUser?: number;
  /** Bytes of their bodies at most. Default 64 MiB. A larger message is never stored. */
  readonly maxBytesPerUser?: number;
  /** How long a message waits at most, in milliseconds; then it is a dead letter. Default 30 days; `Infinity`: for ever. */
  readonly maxAgeMs?: number;
  /**
   * What happens to a message for whom there is no room. `reject-newest`: it is not stored and its sender not
   * acknowledged. `drop-oldest`: the receiver's oldest become dead letters. Default `reject-newest`.
   */
  readonly whenFull?: 'reject-newest' | 'drop-oldest';
  /** Dead letters that are kept at most; then the oldest are deleted, and told of. Default 100 000; the memory store's 10 000. */
  readonly maxDeadLetters?: number;
  /** How long a confirmed message's key is known at least, so that a late copy is not stored again. Default 24 hours. */
  readonly rememberMs?: number;
  /** How long a confirmed message is kept for `history`, in milliseconds. Default 0: there is no history. */
  readonly historyMs?: number;
}

/** Their names, for a store that checks its own. */
export const RETENTION_OPTIONS: OptionNames<Retention> = {
  maxPerUser: true,
  maxBytesPerUser: true,
  maxAgeMs: true,
  whenFull: true,
  maxDeadLetters: true,
  rememberMs: true,
  historyMs: true,
};

const HOUR_MS = 60 * 60 * 1000;

/** What holds where a store's options say nothing else. */
export const DEFAULT_RETENTION: Required<Retention> = Object.freeze({
  maxPerUser: 100_000,
  maxBytesPerUser: 64 * 1024 * 1024,
  maxAgeMs: 30 * 24 * HOUR_MS,
  whenFull: 'reject-newest',
  maxDeadLetters: 100_000,
  rememberMs: 24 * HOUR_MS,
  historyMs: 0,
});

/**
 * Fills in what a store's options leave out.
 *
 * @throws UsageError `ERR_INVALID_OPTION` for a number that makes no sense, or an unknown policy.
 */
export function completeRetention(
  given: Retention,
  defaults: Required<Retention> = DEFAULT_RETENTION,
): Required<Retention> {
  const number = (name: 'maxPerUser' | 'maxBytesPerUser' | 'maxDeadLetters' | 'rememberMs' | 'historyMs') =>
    requireWhole(name, given[name] ?? defaults[name], name.endsWith('PerUser') ? 1 : 0);
  const maxAgeMs = given.maxAgeMs ?? defaults.maxAgeMs;
  const whenFull = given.whenFull ?? defaults.whenFull;
  if (whenFull !== 'reject-newest' && whenFull !== 'drop-oldest') {
    throw new UsageError(
      'ERR_INVALID_OPTION',
      `whenFull must be reject-newest or drop-oldest, not ${String(whenFull)}`,
    );
  }
  return Object.freeze({
    maxPerUser: number('maxPerUser'),
    maxBytesPerUser: number('maxBytesPerUser'),
    maxAgeMs: maxAgeMs === Number.POSITIVE_INFINITY ? maxAgeMs : requireWhole('maxAgeMs', maxAgeMs, 1),
    whenFull,
    maxDeadLetters: number('maxDeadLetters'),
    rememberMs: number('rememberMs'),
    historyMs: number('historyMs'),
  });
}

function requireWhole(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(
    'ERR_INVALID_OPTION',
    `${name} must be a whole number from ${least} up, not ${String(value)}`,
  );
}
