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
import type { DeviceOptions } from './level.js';
import type { Logger } from './logger.js';
import type { Acknowledgement, WhenOffline } from './message.js';
import {
  type IntegerRanges,
  type OptionNames,
  rejectUnknown,
  requireIntegers,
  requireOneOf,
  requireShort,
} from './options-check.js';
import type { OutboxSource } from './outbox.js';
import type { PlatformSignals } from './platform-signals.js';
import type { SessionSettings } from './session-settings.js';
import type { Transport } from './transport.js';

/** The server: a URL for the platform's transport, or a transport object. */
export type Endpoint =
  | { readonly url: string; readonly transport?: undefined }
  | { readonly transport: Transport; readonly url?: undefined };

/** Options of `createClient`, without the endpoint. */
export interface ClientSettings {
  /**
   * Seconds between keep-alives: 3, 5, 10, 15, 30, 60 or 120 (in `@imcore/protocol`: `SenseMode.MODE_3S` and so on). Must
   * equal the server's sense mode. Default 15, on UDP 3.
   */
  readonly senseMode?: SenseMode | undefined;
  /**
   * Bounds of an adaptive keep-alive interval, `minMs` to `maxMs`, in milliseconds. The server's read timeout must be
   * longer than `maxMs`. Default: both are the interval of the sense mode, so that the interval is constant.
   */
  readonly keepAlive?: Partial<KeepAliveBounds> | undefined;
  /** Whether the client reconnects after a lost link. Default true. */
  readonly autoReconnect?: boolean | undefined;
  /**
   * Delays before reconnection attempts, in milliseconds: each is random from `minMs` (100) to a bound that starts with
   * `initialMs` (1000) and doubles with each attempt, up to `maxMs` (30 000).
   */
  readonly backoff?: Partial<BackoffPolicy> | undefined;
  /** Retransmission of unacknowledged messages: after `waitMs` (default 5000), `retries` times (default 2). */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** Timeout for opening a link, and again for the login response, in milliseconds. Default 6000. */
  readonly loginTimeoutMs?: number | undefined;
  /** How long `login` retries before it rejects, in milliseconds. Default 30 000. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How long `send` waits for the acknowledgement before it rejects, in milliseconds, including lost links. Default
   * 30 000; with a durable outbox 7 days, including restarts.
   */
  readonly sendTimeoutMs?: number | undefined;
  /** Whether a message waits for the next link (`'wait'`) or fails at once (`'fail'`) while offline. Default `'wait'`. */
  readonly whenOffline?: WhenOffline | undefined;
  /** Maximum number of messages that wait for a link or an acknowledgement. Default 10 000. */
  readonly maxPendingMessages?: number | undefined;
  /** Maximum size of pending messages, and of the link's unsent output, in UTF-8 bytes. Default 16 MiB. */
  readonly maxPendingBytes?: number | undefined;
  /** The durable outbox, for example `indexedDbOutbox()`: pending messages survive a restart. Default: none. */
  readonly outbox?: OutboxSource | undefined;
  /**
   * What this program says about itself to the server and to the user's other devices: `{ kind: 'web', name: 'Chrome' }`.
   * Requires `outbox`, whose storage keeps the device's id and position. Default: both texts are empty.
   */
  readonly device?: DeviceOptions | undefined;
  /** Timeout of `history`, `conversations`, `devices` and `removeDevice`, in milliseconds. Default 15 000. */
  readonly requestTimeoutMs?: number | undefined;
  /**
   * How many received messages are remembered in the outbox's storage, so that a restart does not emit them again. Costs
   * one write before each acknowledgement. 0 to 10 000; requires `outbox`. Default 0.
   */
  readonly remember?: number | undefined;
  /**
   * When received messages are acknowledged: `'auto'`, when all listeners of `message` and readers of `messages()` have
   * handled it, at once if there are none; `'manual'`, when the application calls `message.acknowledge()`. Default `'auto'`.
   */
  readonly acknowledge?: Acknowledgement | undefined;
  /** Maximum number of received messages that are being handled or wait for a reader. Default 256. */
  readonly maxUnhandledMessages?: number | undefined;
  /** Timeout of the `token` function and of opening the durable outbox, in milliseconds. Default 10 000. */
  readonly tokenTimeoutMs?: number | undefined;
  /**
   * Whether a rejected login is final. If not, the client retries as after a lost link. Default: codes from 1025, which
   * are the application's own, are final; lower codes report a temporary problem of the server and are not.
   */
  readonly isFinalRejection?: ((serverCode: number) => boolean) | undefined;
  /** Network and visibility signals of the platform. Default: `browserSignals`. */
  readonly signals?: PlatformSignals | undefined;
  /**
   * Maximum number of received fingerprints that are remembered for duplicate suppression, for at least 10 minutes.
   * Default 100 000.
   */
  readonly maxRemembered?: number | undefined;
  /** Default: warnings and errors to the console. */
  readonly logger?: Logger | undefined;
  /** Default: the platform's clock. */
  readonly clock?: Clock | undefined;
  /** Random source for fingerprints and jitter. Default: the platform's. */
  readonly random?: Random | undefined;
}

/** All options of `createClient`. */
export type ClientOptions = Endpoint & ClientSettings;

/** The checked settings of the state machines. */
export interface CheckedSettings extends SessionSettings {
  readonly whenOffline: WhenOffline;
  readonly acknowledge: Acknowledgement;
  readonly remember: number;
}

/** Default `sendTimeoutMs` with a durable outbox. */
const OUTBOX_TIMEOUT_MS = 7 * 24 * 60 * 60 * 1000;
const MAX_REMEMBER = 10_000;

const MAX_DEVICE_KIND_LENGTH = 16;
const MAX_DEVICE_NAME_LENGTH = 64;

const REMEMBER_MS = 600_000;
const MAX_DURATION_MS = 24 * 60 * 60 * 1000;
const MAX_SEND_TIMEOUT_MS = 365 * MAX_DURATION_MS;
const MAX_COUNT = 1_000_000_000;

/** The numeric options with a default of their own. */
const NUMBERS = {
  loginTimeoutMs: [6_000, 1, MAX_DURATION_MS],
  connectTimeoutMs: [30_000, 1, MAX_DURATION_MS],
  tokenTimeoutMs: [10_000, 1, MAX_DURATION_MS],
  requestTimeoutMs: [15_000, 1, MAX_DURATION_MS],
  maxPendingMessages: [10_000, 1, MAX_COUNT],
  maxPendingBytes: [16 * 1024 * 1024, 1, MAX_COUNT],
  maxUnhandledMessages: [256, 1, MAX_COUNT],
  maxRemembered: [100_000, 1, MAX_COUNT],
} satisfies Partial<IntegerRanges<keyof ClientSettings>>;

const OPTIONS: OptionNames<Omit<ClientSettings, keyof typeof NUMBERS>> & OptionNames<Endpoint> = {
  url: true,
  transport: true,
  senseMode: true,
  keepAlive: true,
  autoReconnect: true,
  backoff: true,
  retry: true,
  sendTimeoutMs: true,
  whenOffline: true,
  outbox: true,
  device: true,
  remember: true,
  acknowledge: true,
  isFinalRejection: true,
  signals: true,
  logger: true,
  clock: true,
  random: true,
};

/**
 * Fills in the defaults and checks every value.
 *
 * @throws UsageError `ERR_INVALID_OPTION`; the message has the option's name and bounds.
 */
export function checkSettings(options: ClientSettings, transport: Transport): CheckedSettings {
  rejectUnknown(options, { ...NUMBERS, ...OPTIONS });
  const hasOutbox = options.outbox !== undefined;
  const { maxRemembered, ...numbers } = requireIntegers(options, {
    ...NUMBERS,
    sendTimeoutMs: [hasOutbox ? OUTBOX_TIMEOUT_MS : 30_000, 1, MAX_SEND_TIMEOUT_MS],
    remember: [0, 0, hasOutbox ? MAX_REMEMBER : 0],
  });
  const senseMode = requireOneOf<SenseMode>(
    'senseMode',
    options.senseMode,
    DEFAULT_SENSE_MODE[transport.kind],
    SENSE_MODES,
  );
  const keepAlive = senseTimes(senseMode, transport.kind);
  const retry = checkRetry(options.retry ?? {});
  return Object.freeze({
    ...numbers,
    keepAlive,
    keepAliveBounds: options.keepAlive && checkKeepAlive(options.keepAlive, keepAlive.keepAliveIntervalMs),
    backoff: checkBackoff(options.backoff ?? {}),
    retry,
    duplicates: { rememberMs: REMEMBER_MS, maxRemembered },
    autoReconnect: requireOneOf('autoReconnect', options.autoReconnect, true, [true, false]),
    whenOffline: requireOneOf<WhenOffline>('whenOffline', options.whenOffline, 'wait', ['wait', 'fail']),
    acknowledge: requireOneOf<Acknowledgement>('acknowledge', options.acknowledge, 'auto', [
      'auto',
      'manual',
    ]),
    hasOutbox,
    device: checkDevice(options.device, hasOutbox),
    transportKind: transport.kind,
    maxReceiveBytes: transport.maxReceiveBytes,
    repeatRequestAfterMs: retry.waitMs,
    isFinalRejection: options.isFinalRejection ?? ((serverCode) => serverCode >= FIRST_APPLICATION_CODE),
    maxSendBytes: transport.maxSendBytes,
    earlyRetransmission: transport.earlyRetransmission,
    turns: transport.turns,
  });
}

function checkDevice(given: DeviceOptions | undefined, hasOutbox: boolean): DeviceOptions {
  if (given === undefined) return {};
  if (!hasOutbox) {
    throw new UsageError('ERR_INVALID_OPTION', 'the option "device" requires "outbox"');
  }
  rejectUnknown(given, { kind: true, name: true }, 'device.');
  const { kind, name } = given;
  return {
    kind: requireShort('device.kind', kind, MAX_DEVICE_KIND_LENGTH),
    name: requireShort('device.name', name, MAX_DEVICE_NAME_LENGTH),
  };
}

function checkKeepAlive(given: Partial<KeepAliveBounds>, intervalMs: number): KeepAliveBounds {
  return requireIntegers(
    given,
    { minMs: [intervalMs, 1000, intervalMs], maxMs: [intervalMs, intervalMs, MAX_DURATION_MS] },
    'keepAlive.',
  );
}

function checkBackoff(given: Partial<BackoffPolicy>): BackoffPolicy {
  const { initialMs, maxMs, minMs } = DEFAULT_BACKOFF;
  const policy = requireIntegers(
    given,
    {
      initialMs: [initialMs, 1, MAX_DURATION_MS],
      maxMs: [maxMs, 1, MAX_DURATION_MS],
      minMs: [minMs, 0, MAX_DURATION_MS],
    },
    'backoff.',
  );
  if (policy.minMs > policy.initialMs || policy.initialMs > policy.maxMs) {
    const { minMs, initialMs, maxMs } = policy;
    throw new UsageError(
      'ERR_INVALID_OPTION',
      `option backoff must have minMs <= initialMs <= maxMs, got ${minMs}, ${initialMs}, ${maxMs}`,
    );
  }
  return policy;
}

function checkRetry(given: Partial<RetryPolicy>): RetryPolicy {
  const { waitMs, retries } = CLIENT_RETRY;
  return requireIntegers(
    given,
    { waitMs: [waitMs, 1, MAX_DURATION_MS], retries: [retries, 0, 1000] },
    'retry.',
  );
}
