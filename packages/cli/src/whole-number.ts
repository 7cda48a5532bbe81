import { CommandError } from './command-error.js';

/** Reads a whole number from the command line. @throws CommandError that says what is allowed. */
export function wholeNumber(flag: string, text: string, min = 1, max = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  const allowed = max === Number.MAX_SAFE_INTEGER ? `whole numbers from ${min} up` : `${min} to ${max}`;
  throw new CommandError(`${flag} is ${JSON.stringify(text)}`, `Allowed: ${allowed}.`);
}
