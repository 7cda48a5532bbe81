import type { Logger } from './ports/logger.js';

/** Logs warnings and errors to the console. For an error with a code it prints only the message and the cause. */
export const consoleLogger: Logger = {
  isLevelEnabled: (level) => level === 'warn' || level === 'error',
  debug() {},
  info() {},
  warn: (fields, message) => console.warn(`imcore: ${message}`, ...detailsOf(fields)),
  error: (fields, message) => console.error(`imcore: ${message}`, ...detailsOf(fields)),
};

function detailsOf(fields: object): unknown[] {
  if (!('err' in fields) || !(fields.err instanceof Error) || !('code' in fields.err)) return [fields];
  return fields.err.cause === undefined ? [] : [fields.err.cause];
}
