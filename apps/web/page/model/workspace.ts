import type { Connection } from './connection.js';
import type { Conversation } from './conversation.js';
import { contactsByName, isDeleted, matching, recentFirst } from './conversation.js';
import type { DeviceList } from './device.js';
import type { Thread } from './thread.js';
import { isUserId } from './user-id.js';

/** The credentials of a login. */
export interface Account {
  readonly userId: string;
  readonly server: string;
  /** The token; undefined for none. */
  readonly token: string | undefined;
}

/** The state of the page for a signed-in user. */
export interface Workspace {
  readonly account: Account;
  readonly connection: Connection;
  /** While `opening`, nothing can be sent. `failing`: the browser cannot store messages. */
  readonly history: 'opening' | 'open' | 'failing';
  readonly conversations: ReadonlyMap<string, Conversation>;
  /** Whether this page is a device of its user: then the server has its history, and knows the user's devices. */
  readonly isDevice: boolean;
  readonly devices: DeviceList | undefined;
  readonly thread: Thread | undefined;
  readonly list: 'recent' | 'contacts';
  /** Text of the search field. */
  readonly search: string;
  /** Whether the page is visible and focused. */
  readonly isFocused: boolean;
  /** The message to announce to screen readers. */
  readonly announced: { readonly id: string; readonly peer: string; readonly text: string } | undefined;
}

export function newWorkspace(account: Account, connection: Connection, isFocused: boolean): Workspace {
  return {
    account,
    connection,
    history: 'opening',
    conversations: new Map(),
    isDevice: false,
    devices: undefined,
    thread: undefined,
    list: 'recent',
    search: '',
    isFocused,
    announced: undefined,
  };
}

/** Returns the conversations of the list, filtered by the search. */
export function listed(workspace: Workspace, locale: string): Conversation[] {
  const all = [...workspace.conversations.values()].filter((one) => !isDeleted(one));
  const inOrder = workspace.list === 'recent' ? recentFirst(all) : contactsByName(all, locale);
  return workspace.search === '' ? inOrder : matching(recentFirst(all), workspace.search);
}

/** Returns the user id in the search field if there is no conversation with it yet, else undefined. */
export function newPeer({ search, conversations }: Workspace): string | undefined {
  const typed = search.trim();
  const known = conversations.get(typed);
  return isUserId(typed) && (known === undefined || isDeleted(known)) ? typed : undefined;
}

export function openConversation({ thread, conversations }: Workspace): Conversation | undefined {
  return thread && conversations.get(thread.peer);
}
