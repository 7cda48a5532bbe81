/** A structured logger with the interface of pino. Fields never contain tokens or message content. */
export interface Logger {
  /** Whether a level is enabled. Absent: every level is. The server does not build entries of a disabled level. */
  isLevelEnabled?(level: string): boolean;
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Logs nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
