import { CommandError } from './command-error.js';

/** Parses a whole number from the command line. @throws CommandError with the valid range. */
export function wholeNumber(flag: string, text: string, min = 1, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`;
  throw new CommandError(`${flag} must be a whole number ${range}, got ${JSON.stringify(text)}`);
}
