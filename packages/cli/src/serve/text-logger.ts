import type { Logger } from '@imcore/server';
import { printableLine } from '@imcore/server/ports';
import type { LogLevel } from './settings.js';

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 };

/**
 * A logger for the terminal: one line per entry, starting with the time of day.
 *
 * `wallTime` returns milliseconds since 1970; the line shows the local time.
 */
export function textLogger(level: LogLevel, write: (line: string) => void, wallTime: () => number): Logger {
  const lineAt = (lineLevel: Exclude<LogLevel, 'silent'>) => {
    if (RANK[lineLevel] < RANK[level]) return () => {};
    return (fields: object, message: string) => {
      const time = new Date(wallTime()).toTimeString().slice(0, 8);
      write(`${time} ${lineLevel.padEnd(5)} ${printableLine(message + describe(fields))}\n`);
    };
  };
  return {
    isLevelEnabled: (name) => (RANK[name as LogLevel] ?? -1) >= RANK[level],
    debug: lineAt('debug'),
    info: lineAt('info'),
    warn: lineAt('warn'),
    error: lineAt('error'),
  };
}

function describe(fields: object): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${value instanceof Error ? withCode(value) : asText(value)}`)
    .join('');
}

function withCode(error: Error): string {
  return 'code' in error && typeof error.code === 'string'
    ? `${error.code}: ${error.message}`
    : error.message;
}

function asText(value: unknown): string {
  return typeof value === 'string' && /^[\w.:/@-]+$/.test(value) ? value : JSON.stringify(value);
}
