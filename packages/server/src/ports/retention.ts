import { checkInteger, type OptionNames, typeName } from '../check-options.js';
import { UsageError } from '../errors.js';

/** How much a store keeps, for how long, and what happens beyond that. Options of every store. */
export interface Retention {
  /** Maximum number of messages that wait for one user: the user's queue. Default 100 000; the memory store's 10 000. */
  readonly maxPerUser?: number;
  /** Maximum size of the messages that wait for one user, in bytes of their bodies. Default 64 MiB. A larger message is never stored. */
  readonly maxBytesPerUser?: number;
  /**
   * Maximum size of everything that the store keeps, in bytes: logs, dead letters, history and remembered keys,
   * with what the store needs to find them. Beyond it messages are rejected, whatever `whenFull` says; `Infinity`: no limit.
   * Default 8 GiB; the memory store's a quarter of the heap limit of V8.
   */
  readonly maxTotalBytes?: number;
  /** Maximum time that a message waits, in milliseconds; then it is a dead letter. Default 30 days; `Infinity`: no limit. */
  readonly maxAgeMs?: number;
  /**
   * What happens to a message if the receiver's queue is full. `reject-newest`: it is not stored, and its sender is not
   * acknowledged. `drop-oldest`: the receiver's oldest messages become dead letters. Default `reject-newest`.
   */
  readonly whenFull?: 'reject-newest' | 'drop-oldest';
  /** Maximum number of dead letters; beyond it the oldest are deleted and reported. Default 100 000, memory store 10 000. */
  readonly maxDeadLetters?: number;
  /**
   * Minimum time that the key of a message is remembered after all devices have taken it, in milliseconds: late copies are
   * not stored. Default 24 hours.
   */
  readonly rememberMs?: number;
  /**
   * How long a message is kept for `history` and `conversations` after all devices have taken it, in milliseconds. Default 0:
   * there is no history.
   */
  readonly historyMs?: number;
  /**
   * Maximum number of entries in one user's log. Beyond it the oldest entries that a device has taken are removed, even if
   * another device has not taken them; messages that wait are not. Default 100 000; the memory store's 10 000.
   */
  readonly maxLogEntries?: number;
  /** How long a device that does not log in is kept, in milliseconds; then it is removed. Default 30 days; `Infinity`: no limit. */
  readonly deviceExpiryMs?: number;
}

/** The names of the retention options, for a store that checks its options. */
export const RETENTION_OPTIONS: OptionNames<Retention> = {
  maxPerUser: true,
  maxBytesPerUser: true,
  maxTotalBytes: true,
  maxAgeMs: true,
  whenFull: true,
  maxDeadLetters: true,
  rememberMs: true,
  historyMs: true,
  maxLogEntries: true,
  deviceExpiryMs: true,
};

const HOUR_MS = 60 * 60 * 1000;

/** The defaults. */
export const DEFAULT_RETENTION: Required<Retention> = Object.freeze({
  maxPerUser: 100_000,
  maxBytesPerUser: 64 * 1024 * 1024,
  maxTotalBytes: 8 * 1024 * 1024 * 1024,
  maxAgeMs: 30 * 24 * HOUR_MS,
  whenFull: 'reject-newest',
  maxDeadLetters: 100_000,
  rememberMs: 24 * HOUR_MS,
  historyMs: 0,
  maxLogEntries: 100_000,
  deviceExpiryMs: 30 * 24 * HOUR_MS,
});

/**
 * Fills in what a store's options leave out.
 *
 * @throws UsageError `ERR_INVALID_OPTION` for an invalid number or policy.
 */
export function completeRetention(
  given: Retention,
  defaults: Required<Retention> = DEFAULT_RETENTION,
): Required<Retention> {
  for (const name of ['maxPerUser', 'maxBytesPerUser', 'maxLogEntries'] as const)
    checkInteger(name, given[name], 1);
  for (const name of ['maxDeadLetters', 'rememberMs', 'historyMs'] as const)
    checkInteger(name, given[name], 0);
  const maxAgeMs = given.maxAgeMs ?? defaults.maxAgeMs;
  const whenFull = given.whenFull ?? defaults.whenFull;
  if (whenFull !== 'reject-newest' && whenFull !== 'drop-oldest') {
    throw new UsageError(
      'ERR_INVALID_OPTION',
      `option whenFull must be one of reject-newest, drop-oldest, got ${typeName(whenFull)}`,
    );
  }
  if (maxAgeMs !== Number.POSITIVE_INFINITY) checkInteger('maxAgeMs', maxAgeMs, 1);
  const deviceExpiryMs = given.deviceExpiryMs ?? defaults.deviceExpiryMs;
  if (deviceExpiryMs !== Number.POSITIVE_INFINITY) checkInteger('deviceExpiryMs', deviceExpiryMs, 1);
  const maxTotalBytes = given.maxTotalBytes ?? defaults.maxTotalBytes;
  if (maxTotalBytes !== Number.POSITIVE_INFINITY) checkInteger('maxTotalBytes', maxTotalBytes, 1);
  return Object.freeze({
    maxPerUser: given.maxPerUser ?? defaults.maxPerUser,
    maxBytesPerUser: given.maxBytesPerUser ?? defaults.maxBytesPerUser,
    maxTotalBytes,
    maxAgeMs,
    whenFull,
    maxDeadLetters: given.maxDeadLetters ?? defaults.maxDeadLetters,
    rememberMs: given.rememberMs ?? defaults.rememberMs,
    historyMs: given.historyMs ?? defaults.historyMs,
    maxLogEntries: given.maxLogEntries ?? defaults.maxLogEntries,
    deviceExpiryMs,
  });
}
