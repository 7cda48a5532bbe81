import { format } from 'node:util';
import type { Logger } from './ports/logger.js';
import { printable, printableLine } from './printable.js';

/**
 * Logs warnings and errors to the console. For an error with a code it prints only the message and the cause. What peers
 * have written, such as user ids, cannot control the terminal.
 */
export const consoleLogger: Logger = {
  isLevelEnabled: (level) => level === 'warn' || level === 'error',
  debug() {},
  info() {},
  warn: (fields, message) => console.warn(textOf(fields, message)),
  error: (fields, message) => console.error(textOf(fields, message)),
};

function textOf(fields: object, message: string): string {
  return printable(format('imcore: %s', printableLine(message), ...detailsOf(fields)));
}

function detailsOf(fields: object): unknown[] {
  if (!('err' in fields) || !(fields.err instanceof Error) || !('code' in fields.err)) return [fields];
  return fields.err.cause === undefined ? [] : [fields.err.cause];
}
