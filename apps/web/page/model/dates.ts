import { isSameDay } from './rows.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** What a day is called near today. */
interface DayNames {
  readonly today: string;
  readonly yesterday: string;
}

/** `14:05`, as the language has it. */
export function timeText(at: number, locale: string): string {
  return format(at, locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

/** A day as a heading: today, yesterday, a weekday of the last week, or its date. */
export function dayText(at: number, now: number, locale: string, { today, yesterday }: DayNames): string {
  if (isSameDay(at, now)) return today;
  if (isSameDay(at, now - DAY_MS)) return yesterday;
  if (now - at < 6 * DAY_MS && at < now) return format(at, locale, { weekday: 'long' });
  const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  const date = { month: 'long', day: 'numeric', weekday: 'short' } as const;
  return format(at, locale, isThisYear ? date : { ...date, year: 'numeric' });
}

/** The same in as little room as the list has: the time of today, else the day. */
export function shortText(at: number, now: number, locale: string, names: DayNames): string {
  if (isSameDay(at, now)) return timeText(at, locale);
  if (isSameDay(at, now - DAY_MS)) return names.yesterday;
  if (now - at < 6 * DAY_MS && at < now) return format(at, locale, { weekday: 'short' });
  return format(at, locale, { year: '2-digit', month: 'numeric', day: 'numeric' });
}

/** A format is dear to make and cheap to use: each is made once. */
const formats = new Map<string, Intl.DateTimeFormat>();

function format(at: number, locale: string, options: Intl.DateTimeFormatOptions): string {
  const key = `${locale} ${JSON.stringify(options)}`;
  const made = formats.get(key) ?? new Intl.DateTimeFormat(locale, options);
  formats.set(key, made);
  return made.format(at);
}
