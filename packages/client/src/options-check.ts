import { isWellFormed } from '@imcore/protocol';
import { UsageError } from './errors.js';

/** The names of all options of a type; the compiler checks that it is complete. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/** Rejects unknown options, so that a misspelled one is not ignored. @throws UsageError `ERR_INVALID_OPTION` */
export function rejectUnknown(given: object, known: object, prefix = ''): void {
  const names = Object.keys(known);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new UsageError(
    'ERR_INVALID_OPTION',
    `unknown option "${prefix}${unknown}", valid options: ${names.join(', ')}`,
  );
}

/** Returns a whole number from `min` to `max`; the default if undefined. @throws UsageError `ERR_INVALID_OPTION` */
export function requireInteger(
  name: string,
  value: unknown,
  defaultValue: number,
  min: number,
  max: number,
): number {
  if (value === undefined) return defaultValue;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalid(name, `a whole number from ${min} to ${max}`, value);
}

/** Numeric options: default, minimum and maximum of each. */
export type IntegerRanges<Name extends string> = {
  readonly [Each in Name]: readonly [defaultValue: number, min: number, max: number];
};

/**
 * Returns the options of a table, each a whole number or its default. A prefix says that `given` is an option itself: then it
 * may have no other members.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 */
export function requireIntegers<Ranges extends IntegerRanges<string>>(
  given: object,
  ranges: Ranges,
  prefix = '',
): Record<keyof Ranges, number> {
  if (prefix !== '') rejectUnknown(given, ranges, prefix);
  const values: Record<string, unknown> = { ...given };
  const checked: Record<string, number> = {};
  for (const [name, [defaultValue, min, max]] of Object.entries(ranges))
    checked[name] = requireInteger(prefix + name, values[name], defaultValue, min, max);
  return checked as Record<keyof Ranges, number>;
}

/** Returns one of the allowed values; the default if undefined. @throws UsageError `ERR_INVALID_OPTION` */
export function requireOneOf<Value extends string | number | boolean>(
  name: string,
  value: Value | undefined,
  defaultValue: Value,
  allowed: readonly Value[],
): Value {
  if (value === undefined) return defaultValue;
  if (allowed.includes(value)) return value;
  throw invalid(name, `one of ${allowed.join(', ')}`, value);
}

/** Returns a non-empty string. @throws UsageError `ERR_INVALID_OPTION` */
export function requireText(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(name, 'a non-empty string', value);
}

/** Returns a well-formed string of at most `max` characters; an empty one if undefined. @throws UsageError `ERR_INVALID_OPTION` */
export function requireShort(name: string, value: unknown, max: number): string {
  if (value === undefined) return '';
  if (typeof value === 'string' && value.length <= max && isWellFormed(value)) return value;
  throw invalid(name, `a string of at most ${max} characters`, value);
}

function invalid(name: string, expected: string, value: unknown): UsageError {
  const got = typeof value === 'string' ? `the string "${value}"` : String(value);
  return new UsageError('ERR_INVALID_OPTION', `option ${name} must be ${expected}, got ${got}`);
}
