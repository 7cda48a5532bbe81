import { platform } from './platform.js';

/** A structured logger, compatible with pino. Fields never contain tokens or message content. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A logger that discards everything. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Logs warnings and errors to the console, if the platform has one. */
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
