import { readFileSync } from 'node:fs';
import { CommandError, messageOf } from './command-error.js';

/** Reads the file that a flag names. @throws CommandError that names the flag. */
export function readPem(flag: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new CommandError(`${flag} cannot be read: ${messageOf(cause)}`, undefined, { cause });
  }
}
