import type { ChatMessage } from './message.js';

/** An entry of the conversation list. Stored in the history. */
export interface Conversation {
  /** The user id of the other side; `"0"` is the server. */
  readonly peer: string;
  readonly isContact: boolean;
  /** Number of unread messages. */
  readonly unread: number;
  /** Text that was typed and not sent. */
  readonly draft: string;
  /** The newest message with a shortened text; undefined before the first message. */
  readonly last: ChatMessage | undefined;
  /** Defines the order of the list: the order of the newest message, or of the creation of the conversation. */
  readonly order: number;
  /**
   * The user has deleted the conversation: messages up to this time, in milliseconds since 1970, are not shown again, though the
   * server has them. Undefined if it was not deleted.
   */
  readonly clearedAt?: number | undefined;
}

/** Whether the conversation was deleted, and nothing has come since. */
export function isDeleted({ clearedAt, last, isContact, draft }: Conversation): boolean {
  return clearedAt !== undefined && last === undefined && !isContact && draft === '';
}

/** Maximum length of an excerpt, in characters. */
const EXCERPT_LENGTH = 160;

export function newConversation(peer: string, order: number): Conversation {
  return { peer, isContact: true, unread: 0, draft: '', last: undefined, order };
}

/** Returns the conversation with a new message. */
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

/** Shortens a text to one line for the list. */
export function excerpt(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length <= EXCERPT_LENGTH
    ? line
    : `${[...line.slice(0, EXCERPT_LENGTH)].slice(0, -1).join('')}…`;
}

/** Sorts conversations by their newest message, newest first. */
export function recentFirst(conversations: Iterable<Conversation>): Conversation[] {
  return [...conversations].sort((a, b) => b.order - a.order);
}

/** Returns the contacts, sorted by name. */
export function contactsByName(conversations: Iterable<Conversation>, locale: string): Conversation[] {
  const { compare } = new Intl.Collator(locale, { numeric: true, sensitivity: 'base' });
  return [...conversations]
    .filter(({ isContact }) => isContact)
    .sort((a, b) => compare(a.peer, b.peer) || (a.peer < b.peer ? -1 : 1));
}

/** Returns the conversations whose user id contains the text, ignoring case. */
export function matching(conversations: readonly Conversation[], search: string): Conversation[] {
  const wanted = search.trim().toLowerCase();
  return conversations.filter(({ peer }) => peer.toLowerCase().includes(wanted));
}

export function totalUnread(conversations: Iterable<Conversation>): number {
  let total = 0;
  for (const { unread } of conversations) total += unread;
  return total;
}
