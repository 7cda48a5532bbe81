import type { ChatMessage } from './message.js';
import type { Thread } from './thread.js';

/** What stands in the list of messages, from top to bottom. */
export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'unread'; readonly key: string; readonly count: number }
  | {
      readonly kind: 'message';
      readonly key: string;
      readonly message: ChatMessage;
      /** Messages of one side that follow each other closely are one group. */
      readonly isFirstOfGroup: boolean;
      readonly isLastOfGroup: boolean;
    };

/** Longest pause inside a group, in milliseconds. */
const GROUP_PAUSE_MS = 180_000;

/** The rows of a thread: its messages, a line for each day, and one before what was new when it was opened. */
export function rowsOf({ messages, firstUnreadId, unreadAtOpening }: Thread): Row[] {
  const rows: Row[] = [];
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
  }
  return rows;
}

function isGroup(a: ChatMessage | undefined, b: ChatMessage | undefined): boolean {
  if (a === undefined || b === undefined || a.kind !== b.kind) return false;
  return Math.abs(b.at - a.at) <= GROUP_PAUSE_MS && isSameDay(a.at, b.at);
}

/** Whether two instants are on one day where the user is. */
export function isSameDay(a: number, b: number): boolean {
  const [one, other] = [new Date(a), new Date(b)];
  return (
    one.getFullYear() === other.getFullYear() &&
    one.getMonth() === other.getMonth() &&
    one.getDate() === other.getDate()
  );
}
