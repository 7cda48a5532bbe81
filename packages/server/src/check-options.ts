import { UsageError } from './errors.js';
import { DEFAULT_LIMITS, type ServerLimits } from './limits.js';
import type { ServerOptions } from './options.js';

/**
 * Checks what the caller gave and fills in the limits.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 */
export function checkOptions(options: ServerOptions): ServerLimits {
  if (!Array.isArray(options.gateways) || options.gateways.length === 0) {
    throw new UsageError(
      'ERR_INVALID_OPTION',
      'option gateways must hold at least one of tcp(), udp(), websocket()',
    );
  }
  checkNumber('storeAfterMs', options.storeAfterMs, 1);
  checkNumber('retry.waitMs', options.retry?.waitMs, 1);
  checkNumber('retry.retries', options.retry?.retries, 0);
  const given = Object.entries(options.limits ?? {}).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    if (!(name in DEFAULT_LIMITS)) {
      throw new UsageError(
        'ERR_INVALID_OPTION',
        `option limits.${name} does not exist; there are ${Object.keys(DEFAULT_LIMITS).join(', ')}`,
      );
    }
    checkNumber(`limits.${name}`, value, 1);
  }
  return Object.freeze({ ...DEFAULT_LIMITS, ...Object.fromEntries(given) });
}

/** Checks an optional number of an option. */
export function checkNumber(
  name: string,
  value: number | undefined,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): void {
  if (value === undefined) return;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < min || value > max) {
    throw new UsageError(
      'ERR_INVALID_OPTION',
      `option ${name} is ${String(value)}, allowed are numbers from ${min} to ${max}`,
    );
  }
}
