import { UsageError } from './errors.js';
import type { Hooks } from './hooks.js';
import { DEFAULT_LIMITS, type ServerLimits } from './limits.js';
import type { ServerOptions } from './options.js';

/** The names of an object's options, complete because the compiler looks. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

const SERVER_OPTIONS: OptionNames<ServerOptions> = {
  transports: true,
  hooks: true,
  store: true,
  bridge: true,
  limits: true,
  isExemptAddress: true,
  storeAfterMs: true,
  expireEveryMs: true,
  hookTimeoutMs: true,
  retry: true,
  stampServerTime: true,
  logger: true,
  clock: true,
  random: true,
};

const HOOKS: OptionNames<Hooks> = {
  authenticate: true,
  authorizeMessage: true,
  onServerMessage: true,
  onUndeliverable: true,
  onStored: true,
};

/**
 * Checks what the caller gave and fills in the limits.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 */
export function checkOptions(options: ServerOptions): ServerLimits {
  checkNames(options, SERVER_OPTIONS);
  if (!Array.isArray(options.transports) || options.transports.length === 0) {
    throw new UsageError(
      'ERR_INVALID_OPTION',
      'option transports must hold at least one of tcp(), udp(), websocket()',
    );
  }
  checkHooks(options.hooks ?? {});
  checkInteger('storeAfterMs', options.storeAfterMs, 1);
  checkInteger('expireEveryMs', options.expireEveryMs, 1);
  checkInteger('hookTimeoutMs', options.hookTimeoutMs, 1);
  checkNames(options.retry ?? {}, { waitMs: true, retries: true }, 'retry.');
  checkInteger('retry.waitMs', options.retry?.waitMs, 1);
  checkInteger('retry.retries', options.retry?.retries, 0);
  checkBoolean('stampServerTime', options.stampServerTime);
  checkNames(options.limits ?? {}, DEFAULT_LIMITS, 'limits.');
  const given = Object.entries(options.limits ?? {}).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) checkInteger(`limits.${name}`, value, 1);
  return Object.freeze({ ...DEFAULT_LIMITS, ...Object.fromEntries(given) });
}

/** Hooks in an object of their own. An instance of a class may have whatever else it needs. */
function checkHooks(hooks: Hooks): void {
  if (Object.getPrototypeOf(hooks) === Object.prototype) checkNames(hooks, HOOKS, 'hooks.');
}

/** Refuses options that do not exist: a typing error would otherwise leave a default in force. */
export function checkNames(given: object, known: object, prefix = ''): void {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  throw new UsageError(
    'ERR_INVALID_OPTION',
    `option ${prefix}${unknown} does not exist; there are ${Object.keys(known).join(', ')}`,
  );
}

/** Checks an optional number of an option: counts, ports, bytes and milliseconds are whole. */
export function checkInteger(
  name: string,
  value: number | undefined,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): void {
  if (value === undefined) return;
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new UsageError(
      'ERR_INVALID_OPTION',
      `option ${name} is ${String(value)}, allowed are whole numbers from ${min} to ${max}`,
    );
  }
}

function checkBoolean(name: string, value: boolean | undefined): void {
  if (value === undefined || typeof value === 'boolean') return;
  throw new UsageError(
    'ERR_INVALID_OPTION',
    `option ${name} is ${String(value)}, allowed are true and false`,
  );
}
