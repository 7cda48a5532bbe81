import type { Level } from '../level.js';
import type { ClientState } from '../state.js';

/**
 * A value that changes: `useSyncExternalStore(store.subscribe, store.getSnapshot)` in React. Both may be passed on without their
 * object.
 */
export interface SnapshotStore<Snapshot> {
  /** Calls the listener after each change, without arguments. Returns a function that removes it. */
  subscribe(listener: () => void): () => void;
  /** The current value. It is immutable, and the same object until something in it changes. */
  getSnapshot(): Snapshot;
}

/**
 * What became of an own message.
 *
 * - `sending`: it waits for a link or for its acknowledgement, also over restarts if the client has a durable outbox
 * - `stored`: the server has stored it; it reaches every device of both users (level 1)
 * - `received`: the receiver has it, or the server keeps it for the receiver (level `'v6'`, where the two look the same)
 * - `failed`: it was given up, see {@link MessageFailure}
 */
export type DeliveryState = 'sending' | 'stored' | 'received' | 'failed';

/** Why an own message has failed. */
export interface MessageFailure {
  /** A code of `DeliveryError` or `UsageError`, for example `ERR_REJECTED` or `ERR_TOO_LARGE`. */
  readonly code: string;
  /** The server's code, with `ERR_REJECTED`. */
  readonly serverCode: string | undefined;
}

/** A message of a conversation. */
export interface ViewMessage {
  readonly kind: 'message';
  /** Identifies the item in its list, also when the message gets its id: a key for lists of a UI library. */
  readonly key: string;
  /** The server's id, which grows within the conversation. Undefined at level `'v6'`, and until an own message is stored. */
  readonly id: number | undefined;
  /** The other user; `"0"` for the server. */
  readonly conversation: string;
  readonly from: string;
  readonly to: string;
  /** Empty if {@link isCut}. */
  readonly content: string;
  /** The application's own message type, a 32-bit number; -1 for none. */
  readonly type: number;
  /** The sender's id of the message; undefined only for a message without QoS. */
  readonly fingerprint: string | undefined;
  /** Whether this user has sent it, from any device. */
  readonly isOwn: boolean;
  /** Whether it is in the history only without its content, because it is too long for an answer over this transport. */
  readonly isCut: boolean;
  /** In milliseconds since 1970: when the server accepted it if {@link hasServerTime}, else when it was sent or received here. */
  readonly time: number;
  /** Whether `time` is the server's. If not, it is the local clock, corrected by the measured offset of the server's clock. */
  readonly hasServerTime: boolean;
  /** What became of it; undefined for messages of others. */
  readonly delivery: DeliveryState | undefined;
  /** Why it has failed; undefined unless `delivery` is `failed`. */
  readonly failure: MessageFailure | undefined;
}

/** A place where messages are missing that this device will not get. */
export interface ViewGap {
  readonly kind: 'gap';
  readonly key: string;
  /** The reason of the client's event `gap`. */
  readonly reason: string;
  /** `loading`: the messages are being read from the history. `missing`: they could not be; it is tried again after each login. */
  readonly state: 'loading' | 'missing';
}

/** An item of a conversation. */
export type ViewItem = ViewMessage | ViewGap;

/**
 * Whether there are older items at the server.
 *
 * - `loading`: they are being read, or will be with the next link
 * - `more`: there may be older ones
 * - `complete`: there are none
 * - `failed`: the last request failed; it is repeated by the next call, and after the next login
 * - `full`: there may be older ones, but as many as the view may keep are loaded
 * - `none`: nothing can be read: level `'v6'`, a server without history, or UDP
 */
export type HistoryState = 'loading' | 'more' | 'complete' | 'failed' | 'full' | 'none';

/** The messages of a conversation. */
export interface ConversationSnapshot {
  /** Oldest first: messages with an id in its order, those being sent last. */
  readonly items: readonly ViewItem[];
  /** Whether there are older ones. */
  readonly older: HistoryState;
  /** Number of unread messages. */
  readonly unread: number;
}

/** An entry of the list of conversations. */
export interface ConversationSummary {
  /** The other user; `"0"` for the server. */
  readonly conversation: string;
  readonly last: ViewMessage;
  /**
   * Number of messages of the other user that have arrived since `markRead`, or since this user has last written from any device.
   * Counted from the start of the view, plus the option `unread`.
   */
  readonly unread: number;
}

/** The conversations of the user. */
export interface ConversationListSnapshot {
  /** The one with the newest message first. */
  readonly conversations: readonly ConversationSummary[];
  /** Whether there are more, with older messages. */
  readonly older: HistoryState;
}

/** The connection of the client. */
export interface ConnectionSnapshot {
  readonly state: ClientState;
  readonly level: Level;
  /** When the next attempt is made, in milliseconds since 1970; only in the state `waiting`. */
  readonly retryAt: number | undefined;
}
