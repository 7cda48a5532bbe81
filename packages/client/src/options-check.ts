import { UsageError } from './errors.js';

/** The names of an object's options, complete because the compiler looks. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/** Refuses options that do not exist: a typing error would otherwise leave a default in force. @throws UsageError */
export function rejectUnknown(given: object, known: object, prefix = ''): void {
  const names = Object.keys(known);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new UsageError(
    'ERR_INVALID_OPTION',
    `option ${prefix}${unknown} does not exist; there are ${names.join(', ')}`,
  );
}

/** A whole number between the bounds, the default where it is undefined. @throws UsageError that names the option. */
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

/** One of the given values, the default where it is undefined. @throws UsageError that names the option. */
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

/** A text that is not empty. @throws UsageError that names the option. */
export function requireText(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(name, 'a text that is not empty', value);
}

function invalid(name: string, expected: string, found: unknown): UsageError {
  return new UsageError('ERR_INVALID_OPTION', `option ${name} must be ${expected}, found ${String(found)}`);
}
