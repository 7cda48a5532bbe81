import { readFileSync } from 'node:fs';
import { CommandError, messageOf } from './command-error.js';

/** Reads the file of a setting. @throws CommandError that names the setting. */
export function readPem(setting: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new CommandError(`Cannot read the file of ${setting}: ${messageOf(cause)}`, undefined, { cause });
  }
}
