import type { Logger } from '@imcore/server';
import { pino } from 'pino';
import type { ServeSettings } from './settings.js';
import { textLogger } from './text-logger.js';

/** The log on the standard output: JSON lines for machines, or text where a terminal shows it. */
export function createLogger(
  { logLevel, logFormat }: Pick<ServeSettings, 'logLevel' | 'logFormat'>,
  output: { readonly isTTY?: boolean | undefined; write(text: string): unknown },
): Logger {
  const asText = logFormat === 'text' || (logFormat === 'auto' && output.isTTY === true);
  if (asText) return textLogger(logLevel, (line) => output.write(line), Date.now);
  const logger = pino({ level: logLevel }, { write: (line: string) => void output.write(line) });
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  };
}
