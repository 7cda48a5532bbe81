/** Structured logging, the shape of pino and its kin. Fields never hold tokens or message content. */
export interface Logger {
  /** Whether lines of a level go anywhere. Absent: they do. What nobody reads is not put together. */
  isLevelEnabled?(level: string): boolean;
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Says nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
