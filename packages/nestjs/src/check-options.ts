import { type ServerTransport, UsageError } from '@imcore/server';
import { describeValue } from './describe-value.js';
import type { ImModuleOptions } from './module-options.js';

/**
 * Checks the options that the module uses itself. `createServer` checks the others.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 */
export function checkModuleOptions<Options extends ImModuleOptions>(options: Options): Options {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null) reject('the options of ImModule', 'an object', given);
  const { transports, drainMs } = given as { readonly transports?: unknown; readonly drainMs?: unknown };
  if (typeof transports !== 'function' && !Array.isArray(transports)) {
    reject(
      'option transports of ImModule',
      'an array of transports or a function that returns one',
      transports,
    );
  }
  if (drainMs !== undefined && !(typeof drainMs === 'number' && drainMs >= 0)) {
    reject('option drainMs of ImModule', 'a number of milliseconds, 0 or more', drainMs);
  }
  return options;
}

/** Checks what the function `transports` has returned. @throws UsageError `ERR_INVALID_OPTION` */
export function checkTransports(returned: readonly ServerTransport[]): readonly ServerTransport[] {
  if (!Array.isArray(returned))
    reject('the result of the function transports of ImModule', 'an array', returned);
  return returned;
}

function reject(name: string, expected: string, given: unknown): never {
  throw new UsageError('ERR_INVALID_OPTION', `${name} must be ${expected}, got ${describeValue(given)}`);
}
