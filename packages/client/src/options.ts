import {
  type BackoffPolicy,
  CLIENT_RETRY,
  type Clock,
  DEFAULT_BACKOFF,
  DEFAULT_SENSE_MODE,
  FIRST_APPLICATION_CODE,
  type Random,
  type RetryPolicy,
  SENSE_MODES,
  type SenseMode,
  senseTimes,
} from '@imcore/protocol';
import { UsageError } from './errors.js';
import type { KeepAliveBounds } from './keep-alive-pace.js';
import type { Logger } from './logger.js';
import type { WhenOffline } from './message.js';
import { type OptionNames, rejectUnknown, requireInteger, requireOneOf } from './options-check.js';
import type { OutboxSource } from './outbox.js';
import type { PlatformSignals } from './platform-signals.js';
import type { SessionSettings } from './session-settings.js';
import type { Transport } from './transport.js';

/** Where the server is: a URL for the platform's own transport, or a transport made by hand. */
export type Endpoint =
  | { readonly url: string; readonly transport?: undefined }
  | { readonly transport: Transport; readonly url?: undefined };

/** Options of `createClient` beside the endpoint. */
export interface ClientSettings {
  /**
   * Seconds between keep-alives: 3, 5, 10, 15, 30, 60 or 120, which `@imcore/protocol` has as `SenseMode.MODE_3S` and so
   * on. The server must be set to the same. Default 15, on UDP 3.
   */
  readonly senseMode?: SenseMode | undefined;
  /**
   * Lets the time between keep-alives adapt itself to what the way to the server allows, between `minMs` and `maxMs`, in
   * milliseconds. The server's read time-out must be longer than `maxMs`. Default: both are the sense mode's interval.
   */
  readonly keepAlive?: Partial<KeepAliveBounds> | undefined;
  /** Whether a lost link is followed by a new login. Default true. */
  readonly autoReconnect?: boolean | undefined;
  /** Waits between tries: `initialMs` (default 1000), `maxMs` (30 000), `minMs` (100). */
  readonly backoff?: Partial<BackoffPolicy> | undefined;
  /** Copies of a message: written again after `waitMs` (default 5000) without acknowledgement, `retries` times (2). */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** How long opening a link may take, and again the answer to a login, before the next try. Default 6000 ms. */
  readonly loginTimeoutMs?: number | undefined;
  /** How long `login` goes on trying to reach the server before it rejects. Default 30 000 ms. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How long `send` waits for the acknowledgement, lost links included, before it rejects. Default 30 000 ms, with an
   * outbox seven days, restarts included.
   */
  readonly sendTimeoutMs?: number | undefined;
  /** Whether messages wait for the next link or fail at once where there is none. Default `'wait'`. */
  readonly whenOffline?: WhenOffline | undefined;
  /** Most messages that wait for a link or their acknowledgement. Default 10 000. */
  readonly maxPendingMessages?: number | undefined;
  /** Most UTF-8 bytes of such messages, and of what the link has not got rid of yet. Default 16 MiB. */
  readonly maxPendingBytes?: number | undefined;
  /** Keeps messages that wait over a restart of the program, such as `indexedDbOutbox()`. Default: none. */
  readonly outbox?: OutboxSource | undefined;
  /**
   * How many of the messages received last are remembered in the outbox's storage, so that a restart does not hand one
   * on again; each costs a write before its acknowledgement. Default 0: none.
   */
  readonly remember?: number | undefined;
  /** Most messages that are handed on and not acknowledged yet: those that `messages()` has not given out. Default 256. */
  readonly maxUnhandledMessages?: number | undefined;
  /** How long a `token` function and the opening of an outbox may take. Default 10 000 ms. */
  readonly tokenTimeoutMs?: number | undefined;
  /**
   * Whether a refused login is the end. Where it is not, the client tries again as after a lost link. Default: codes
   * from 1025 on, the application's own, are final; lower ones are the server's trouble and are not.
   */
  readonly isFinalRejection?: ((serverCode: number) => boolean) | undefined;
  /** What the platform tells of network and visibility. Default: `browserSignals`. */
  readonly signals?: PlatformSignals | undefined;
  /** Most received fingerprints that are remembered, for 10 minutes at least, to hand a message on once. Default 100 000. */
  readonly maxRemembered?: number | undefined;
  /** Default: warnings and errors to the console. */
  readonly logger?: Logger | undefined;
  /** Default: the platform's. */
  readonly clock?: Clock | undefined;
  /** Makes fingerprints and jitter. Default: the platform's. */
  readonly random?: Random | undefined;
}

/** What `createClient` takes: where the server is, and how the client behaves. */
export type ClientOptions = Endpoint & ClientSettings;

/** What the machines are told, every value there and within bounds. */
export interface CheckedSettings extends SessionSettings {
  readonly whenOffline: WhenOffline;
  readonly remember: number;
}

const OPTIONS: OptionNames<ClientSettings> & OptionNames<Endpoint> = {
  url: true,
  transport: true,
  senseMode: true,
  keepAlive: true,
  autoReconnect: true,
  backoff: true,
  retry: true,
  loginTimeoutMs: true,
  connectTimeoutMs: true,
  sendTimeoutMs: true,
  whenOffline: true,
  maxPendingMessages: true,
  maxPendingBytes: true,
  outbox: true,
  remember: true,
  maxUnhandledMessages: true,
  tokenTimeoutMs: true,
  isFinalRejection: true,
  signals: true,
  maxRemembered: true,
  logger: true,
  clock: true,
  random: true,
};

/** Defaults of all numbers that are not other packages' tables. */
const DEFAULTS = {
  loginTimeoutMs: 6_000,
  connectTimeoutMs: 30_000,
  sendTimeoutMs: 30_000,
  maxPendingMessages: 10_000,
  maxPendingBytes: 16 * 1024 * 1024,
  maxUnhandledMessages: 256,
  tokenTimeoutMs: 10_000,
  maxRemembered: 100_000,
} as const;

/** How long a message may stay in an outbox. */
const OUTBOX_TIMEOUT_MS = 7 * 24 * 60 * 60 * 1000;
const MAX_REMEMBER = 10_000;

const REMEMBER_MS = 600_000;
const MAX_DURATION_MS = 24 * 60 * 60 * 1000;
const MAX_SEND_TIMEOUT_MS = 365 * MAX_DURATION_MS;
const MAX_COUNT = 1_000_000_000;

/**
 * Fills in the defaults and checks every value.
 *
 * @throws UsageError `ERR_INVALID_OPTION` with the option's name and bounds.
 */
export function checkSettings(options: ClientSettings, transport: Transport): CheckedSettings {
  rejectUnknown(options, OPTIONS);
  const duration = (name: keyof typeof DEFAULTS): number =>
    requireInteger(name, options[name], DEFAULTS[name], 1, MAX_DURATION_MS);
  const count = (name: keyof typeof DEFAULTS): number =>
    requireInteger(name, options[name], DEFAULTS[name], 1, MAX_COUNT);
  const hasOutbox = options.outbox !== undefined;
  const senseMode = requireOneOf<SenseMode>(
    'senseMode',
    options.senseMode,
    DEFAULT_SENSE_MODE[transport.kind],
    SENSE_MODES,
  );
  const keepAlive = senseTimes(senseMode, transport.kind);
  return Object.freeze({
    keepAlive,
    keepAliveBounds: options.keepAlive && checkKeepAlive(options.keepAlive, keepAlive.keepAliveIntervalMs),
    backoff: checkBackoff(options.backoff ?? {}),
    retry: checkRetry(options.retry ?? {}),
    duplicates: { rememberMs: REMEMBER_MS, maxRemembered: count('maxRemembered') },
    autoReconnect: requireOneOf('autoReconnect', options.autoReconnect, true, [true, false]),
    whenOffline: requireOneOf<WhenOffline>('whenOffline', options.whenOffline, 'wait', ['wait', 'fail']),
    loginTimeoutMs: duration('loginTimeoutMs'),
    connectTimeoutMs: duration('connectTimeoutMs'),
    sendTimeoutMs: requireInteger(
      'sendTimeoutMs',
      options.sendTimeoutMs,
      hasOutbox ? OUTBOX_TIMEOUT_MS : DEFAULTS.sendTimeoutMs,
      1,
      MAX_SEND_TIMEOUT_MS,
    ),
    tokenTimeoutMs: duration('tokenTimeoutMs'),
    hasOutbox,
    remember: requireInteger('remember', options.remember, 0, 0, hasOutbox ? MAX_REMEMBER : 0),
    maxUnhandledMessages: count('maxUnhandledMessages'),
    isFinalRejection: options.isFinalRejection ?? ((serverCode) => serverCode >= FIRST_APPLICATION_CODE),
    maxPendingMessages: count('maxPendingMessages'),
    maxPendingBytes: count('maxPendingBytes'),
    maxSendBytes: transport.maxSendBytes,
    earlyRetransmission: transport.earlyRetransmission,
  });
}

function checkKeepAlive(given: Partial<KeepAliveBounds>, intervalMs: number): KeepAliveBounds {
  rejectUnknown(given, { minMs: true, maxMs: true }, 'keepAlive.');
  const bound = (name: keyof KeepAliveBounds, min: number, max: number): number =>
    requireInteger(`keepAlive.${name}`, given[name], intervalMs, min, max);
  return { minMs: bound('minMs', 1000, intervalMs), maxMs: bound('maxMs', intervalMs, MAX_DURATION_MS) };
}

function checkBackoff(given: Partial<BackoffPolicy>): BackoffPolicy {
  rejectUnknown(given, DEFAULT_BACKOFF, 'backoff.');
  const bound = (name: keyof BackoffPolicy, min: number): number =>
    requireInteger(`backoff.${name}`, given[name], DEFAULT_BACKOFF[name], min, MAX_DURATION_MS);
  const policy = { initialMs: bound('initialMs', 1), maxMs: bound('maxMs', 1), minMs: bound('minMs', 0) };
  if (policy.minMs > policy.initialMs || policy.initialMs > policy.maxMs) {
    const { minMs, initialMs, maxMs } = policy;
    throw new UsageError(
      'ERR_INVALID_OPTION',
      `option backoff must rise from minMs over initialMs to maxMs, found ${minMs}, ${initialMs}, ${maxMs}`,
    );
  }
  return policy;
}

function checkRetry(given: Partial<RetryPolicy>): RetryPolicy {
  rejectUnknown(given, CLIENT_RETRY, 'retry.');
  return {
    waitMs: requireInteger('retry.waitMs', given.waitMs, CLIENT_RETRY.waitMs, 1, MAX_DURATION_MS),
    retries: requireInteger('retry.retries', given.retries, CLIENT_RETRY.retries, 0, 1000),
  };
}
