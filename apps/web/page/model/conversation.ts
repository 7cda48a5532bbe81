import type { ChatMessage } from './message.js';

/** What the list shows of the talk with one other user. Kept in the history. */
export interface Conversation {
  /** The other side's user id; `"0"` is the server. */
  readonly peer: string;
  readonly isContact: boolean;
  /** Messages that came in and were not looked at. */
  readonly unread: number;
  /** What was typed and not sent. */
  readonly draft: string;
  /** The newest message, its text cut; undefined before the first. */
  readonly last: ChatMessage | undefined;
  /** Sorts the list: the place of the newest message, or when the talk was begun. */
  readonly order: number;
}

/** Longest text that the list keeps of a message, in characters. */
const EXCERPT_LENGTH = 160;

export function newConversation(peer: string, order: number): Conversation {
  return { peer, isContact: true, unread: 0, draft: '', last: undefined, order };
}

/** The conversation with one more message. */
export function withMessage(
  conversation: Conversation,
  message: ChatMessage,
  isUnread: boolean,
): Conversation {
  return {
    ...conversation,
    unread: conversation.unread + (isUnread ? 1 : 0),
    last: { ...message, text: excerpt(message.text) },
    order: message.order,
  };
}

/** One line of a text, short enough for the list. */
export function excerpt(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length <= EXCERPT_LENGTH
    ? line
    : `${[...line.slice(0, EXCERPT_LENGTH)].slice(0, -1).join('')}…`;
}

/** Those with messages or a draft, or just begun, newest first. */
export function recentFirst(conversations: Iterable<Conversation>): Conversation[] {
  return [...conversations].sort((a, b) => b.order - a.order);
}

/** Those that the user keeps as contacts, by name. */
export function contactsByName(conversations: Iterable<Conversation>, locale: string): Conversation[] {
  const { compare } = new Intl.Collator(locale, { numeric: true, sensitivity: 'base' });
  return [...conversations]
    .filter(({ isContact }) => isContact)
    .sort((a, b) => compare(a.peer, b.peer) || (a.peer < b.peer ? -1 : 1));
}

/** Those whose user id holds the text, whatever the case. */
export function matching(conversations: readonly Conversation[], search: string): Conversation[] {
  const wanted = search.trim().toLowerCase();
  return conversations.filter(({ peer }) => peer.toLowerCase().includes(wanted));
}

export function totalUnread(conversations: Iterable<Conversation>): number {
  let total = 0;
  for (const { unread } of conversations) total += unread;
  return total;
}
