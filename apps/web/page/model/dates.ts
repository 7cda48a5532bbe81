import { isSameDay } from './rows.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** The names of recent days. */
interface DayNames {
  readonly today: string;
  readonly yesterday: string;
}

/** Formats a time, for example `14:05`. */
export function timeText(at: number, locale: string): string {
  return format(at, locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

/** Formats a day as a heading: today, yesterday, a weekday of the last six days, or a date. */
export function dayText(at: number, now: number, locale: string, { today, yesterday }: DayNames): string {
  if (isSameDay(at, now)) return today;
  if (isSameDay(at, now - DAY_MS)) return yesterday;
  if (now - at < 6 * DAY_MS && at < now) return format(at, locale, { weekday: 'long' });
  const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  const date = { month: 'long', day: 'numeric', weekday: 'short' } as const;
  return format(at, locale, isThisYear ? date : { ...date, year: 'numeric' });
}

/** Formats a time for the list: the time if it is today, else a short form of the day. */
export function shortText(at: number, now: number, locale: string, names: DayNames): string {
  if (isSameDay(at, now)) return timeText(at, locale);
  if (isSameDay(at, now - DAY_MS)) return names.yesterday;
  if (now - at < 6 * DAY_MS && at < now) return format(at, locale, { weekday: 'short' });
  return format(at, locale, { year: '2-digit', month: 'numeric', day: 'numeric' });
}

/** Formatters are expensive to create, so they are cached. */
const formats = new Map<string, Intl.DateTimeFormat>();

function format(at: number, locale: string, options: Intl.DateTimeFormatOptions): string {
  const key = `${locale} ${JSON.stringify(options)}`;
  const made = formats.get(key) ?? new Intl.DateTimeFormat(locale, options);
  formats.set(key, made);
  return made.format(at);
}
