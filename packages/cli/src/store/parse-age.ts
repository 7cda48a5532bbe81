import { CommandError } from '../command-error.js';

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Parses an age such as 30d, 12h, 45m or 90s into milliseconds. @throws CommandError */
export function parseAge(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const unitMs = UNITS[unit];
  if (unitMs === undefined)
    throw new CommandError(
      `--older-than must be an age such as 30d, 12h, 45m or 90s, got ${JSON.stringify(text)}`,
    );
  return Number(number) * unitMs;
}
