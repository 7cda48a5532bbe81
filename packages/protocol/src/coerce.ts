import { ProtocolError } from './errors.js';

/** The strings and the numbers of a JSON text. */
const STRINGS_AND_NUMBERS = /"[^"\\]*(?:\\.[^"\\]*)*"|[-\d][^\s,\]}]*/g;

/** Decimal digits only: `Number` would also read `"0x10"`. */
const DECIMAL = /^\s*[-+.\d][-+.\de\s]*$/i;

/**
 * Reads a string field of {@link toObject}. A boolean is converted, because existing clients send them. `null` means
 * absent.
 *
 * @throws ProtocolError `ERR_INVALID_FIELD` for any other value.
 * @see docs/protocol/SPEC.md#2-the-packet
 */
export function toText(field: string, value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return String(value);
  throw invalid(field, 'a string', value);
}

/**
 * Reads a whole number from `min` to `max`; returns `absent` if the field is missing or null.
 *
 * @throws ProtocolError `ERR_INVALID_FIELD`
 */
export function toInteger(field: string, value: unknown, absent: number, min: number, max: number): number {
  if (value === undefined || value === null) return absent;
  if (typeof value === 'number' && (value | 0) === value && value >= min && value <= max) return value;
  const number = typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) throw invalid(field, 'a whole number', value);
  if (number < min || number > max) {
    throw new ProtocolError('ERR_INVALID_FIELD', `field ${field} must be ${min} to ${max}, got ${number}`);
  }
  return number;
}

/** Reads a whole number of up to 53 bits; 0 if absent. @throws ProtocolError `ERR_INVALID_FIELD` */
export function toWhole(field: string, value: unknown): number {
  return toInteger(field, value, 0, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}

/**
 * Reads a boolean; absent means false. A string is true only if it is `"true"` in any case; a number must be 0 or 1.
 *
 * @throws ProtocolError `ERR_INVALID_FIELD`
 */
export function toBoolean(field: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (value === undefined || value === null) return false;
  if (typeof value === 'string') return value.toLowerCase() === 'true';
  if (value === 0 || value === 1) return value === 1;
  throw invalid(field, 'true or false', value);
}

/**
 * Parses a JSON object. `what` names it in the error message.
 *
 * Existing clients send ids as numbers. A number in one of `textFields` becomes a string of its source text, as in the
 * original: as a number, two ids of 19 digits would become the same id.
 *
 * @throws ProtocolError `ERR_MALFORMED_PACKET`
 */
export function toObject(text: string, what: string, textFields: readonly string[]): Record<string, unknown> {
  let value: unknown;
  try {
    value = parse(text, textFields);
  } catch {
    throw new ProtocolError('ERR_MALFORMED_PACKET', `${what} of ${text.length} characters is not JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProtocolError('ERR_MALFORMED_PACKET', `${what} is JSON but not an object`);
  }
  return value as Record<string, unknown>;
}

/** Parses JSON; numbers in `textFields` of an object become strings of their source text. */
function parse(text: string, textFields: readonly string[]): unknown {
  const value = JSON.parse(text);
  if (textFields.some((field) => typeof value?.[field] === 'number')) {
    const quoted = text.replace(STRINGS_AND_NUMBERS, (token) => (token[0] === '"' ? token : `"${token}"`));
    const sources = JSON.parse(quoted);
    for (const field of textFields) value[field] = sources[field];
  }
  return value;
}

function invalid(field: string, expected: string, value: unknown): ProtocolError {
  const got = Array.isArray(value) ? 'an array' : typeof value;
  return new ProtocolError('ERR_INVALID_FIELD', `field ${field} must be ${expected}, got ${got}`);
}
