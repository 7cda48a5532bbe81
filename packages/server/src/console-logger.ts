import type { Logger } from './ports/logger.js';

/** Warnings and errors on the console, a line each; nothing else. */
export const consoleLogger: Logger = {
  isLevelEnabled: (level) => level === 'warn' || level === 'error',
  debug() {},
  info() {},
  warn: (fields, message) => console.warn(`imcore: ${message}`, fields),
  error: (fields, message) => console.error(`imcore: ${message}`, fields),
};
