import type { Logger } from '@imcore/server';
import { Logger as NestLogger } from '@nestjs/common';

/** Writes the server's log to Nest's logger: one line per entry, the fields after the message. */
export function nestLogger(context = 'imcore', target: NestLogger = new NestLogger(context)): Logger {
  return {
    debug: (fields, message) => target.debug(line(message, fields)),
    info: (fields, message) => target.log(line(message, fields)),
    warn: (fields, message) => target.warn(line(message, fields)),
    error: (fields, message) => target.error(line(message, fields)),
  };
}

function line(message: string, fields: object): string {
  const described = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${asText(value)}`);
  return [message, ...described].join(' ');
}

function asText(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  if (typeof value === 'string' && /^[\w.:/@-]+$/.test(value)) return value;
  return JSON.stringify(value) ?? String(value);
}
