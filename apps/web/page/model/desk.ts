import type { Connection } from './connection.js';
import type { Conversation } from './conversation.js';
import { contactsByName, matching, recentFirst } from './conversation.js';
import type { Thread } from './thread.js';
import { isUserId } from './user-id.js';

/** Who is logged in, and where. */
export interface Account {
  readonly userId: string;
  readonly server: string;
  /** For the next login; undefined for none. */
  readonly token: string | undefined;
}

/** Everything that a logged-in user has before them. */
export interface Desk {
  readonly account: Account;
  readonly connection: Connection;
  /** Until it was read nothing can be sent; `failing` where the browser does not keep what it is given. */
  readonly history: 'opening' | 'open' | 'failing';
  readonly conversations: ReadonlyMap<string, Conversation>;
  readonly thread: Thread | undefined;
  readonly list: 'recent' | 'contacts';
  /** What stands in the field above the list. */
  readonly search: string;
  /** Whether the user has this page before them. */
  readonly isWatched: boolean;
  /** The message that a screen reader is told of. */
  readonly announced: { readonly id: string; readonly peer: string; readonly text: string } | undefined;
}

export function newDesk(account: Account, connection: Connection, isWatched: boolean): Desk {
  return {
    account,
    connection,
    history: 'opening',
    conversations: new Map(),
    thread: undefined,
    list: 'recent',
    search: '',
    isWatched,
    announced: undefined,
  };
}

/** The conversations in the list, as the search leaves them. */
export function listed(desk: Desk, locale: string): Conversation[] {
  const all = desk.conversations.values();
  const inOrder = desk.list === 'recent' ? recentFirst(all) : contactsByName(all, locale);
  return desk.search === '' ? inOrder : matching(recentFirst(desk.conversations.values()), desk.search);
}

/** The user id in the search field with whom there is no talk yet; undefined where there is none. */
export function newPeer({ search, conversations }: Desk): string | undefined {
  const typed = search.trim();
  return isUserId(typed) && !conversations.has(typed) ? typed : undefined;
}

export function openConversation({ thread, conversations }: Desk): Conversation | undefined {
  return thread && conversations.get(thread.peer);
}
