import { platform } from './platform.js';

/** Structured logging, the shape of pino and its kin. Fields never hold tokens or message content. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Says nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Warnings and errors to the platform's console, where it has one. */
export const consoleLogger: Logger = {
  debug() {},
  info() {},
  warn(fields, message) {
    platform.console?.warn(`imcore: ${message}`, fields);
  },
  error(fields, message) {
    platform.console?.error(`imcore: ${message}`, fields);
  },
};
