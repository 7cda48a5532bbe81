import type { Logger } from '@imcore/server';
import { printable } from '@imcore/server/ports';
import { pino } from 'pino';
import type { LogOutput } from './buffered-output.js';
import type { ServeSettings } from './settings.js';
import { textLogger } from './text-logger.js';

/**
 * The log on the standard output: JSON lines, or text on a terminal. Lines at level `warn` and above are written at once;
 * others may be buffered by the output.
 */
export function createLogger(
  { logLevel, logFormat }: Pick<ServeSettings, 'logLevel' | 'logFormat'>,
  output: LogOutput,
): Logger {
  const asText = logFormat === 'text' || (logFormat === 'auto' && output.isTTY === true);
  const logger = asText
    ? textLogger(logLevel, (line) => output.write(line), Date.now)
    : pino({ level: logLevel }, { write: (line: string) => void output.write(printable(line)) });
  return {
    isLevelEnabled: (level) => logger.isLevelEnabled?.(level) !== false,
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn(fields, message) {
      logger.warn(fields, message);
      output.flush?.();
    },
    error(fields, message) {
      logger.error(fields, message);
      output.flush?.();
    },
  };
}
