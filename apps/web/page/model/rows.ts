import type { ChatMessage } from './message.js';
import type { Gap, Thread } from './thread.js';

/** A row of the message list. */
export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'gap'; readonly key: string; readonly isLoading: boolean }
  | { readonly kind: 'unread'; readonly key: string; readonly count: number }
  | {
      readonly kind: 'message';
      readonly key: string;
      readonly message: ChatMessage;
      /** Consecutive messages of one side with short pauses form a group. */
      readonly isFirstOfGroup: boolean;
      readonly isLastOfGroup: boolean;
    };

/** Maximum pause between messages of a group, in milliseconds. */
const GROUP_PAUSE_MS = 180_000;

/** Returns the rows of a thread: its messages, a line for each day, and a line before the first unread message. */
export function rowsOf({ messages, gaps, firstUnreadId, unreadAtOpening }: Thread): Row[] {
  const rows: Row[] = gapsAfter(gaps, undefined);
  for (const [index, message] of messages.entries()) {
    const previous = messages[index - 1];
    const next = messages[index + 1];
    const isNewDay = previous === undefined || !isSameDay(previous.at, message.at);
    const isFirstUnread = message.id === firstUnreadId;
    if (isNewDay) rows.push({ kind: 'day', key: `day ${message.id}`, at: message.at });
    if (isFirstUnread) rows.push({ kind: 'unread', key: 'unread', count: unreadAtOpening });
    rows.push({
      kind: 'message',
      key: message.id,
      message,
      isFirstOfGroup: isFirstUnread || !isGroup(previous, message),
      isLastOfGroup: next?.id === firstUnreadId || !isGroup(message, next),
    });
    rows.push(...gapsAfter(gaps, message.id));
  }
  return rows;
}

function gapsAfter(gaps: readonly Gap[], id: string | undefined): Row[] {
  return gaps
    .filter(({ after }) => after === id)
    .map(({ id: key, isLoading }) => ({ kind: 'gap', key: `gap ${key}`, isLoading }));
}

function isGroup(a: ChatMessage | undefined, b: ChatMessage | undefined): boolean {
  if (a === undefined || b === undefined || a.kind !== b.kind) return false;
  return Math.abs(b.at - a.at) <= GROUP_PAUSE_MS && isSameDay(a.at, b.at);
}

/** Returns whether two times are on the same day in the local time zone. */
export function isSameDay(a: number, b: number): boolean {
  const [one, other] = [new Date(a), new Date(b)];
  return (
    one.getFullYear() === other.getFullYear() &&
    one.getMonth() === other.getMonth() &&
    one.getDate() === other.getDate()
  );
}
