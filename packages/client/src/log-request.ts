/** Arguments of `history`. */
export interface HistoryRequest {
  /** The other user. */
  readonly conversation: string;
  /** Only messages with a smaller id. Default: the newest. */
  readonly before?: number | undefined;
  /** Maximum number of messages, 1 to 1000. Default 50. */
  readonly limit?: number | undefined;
}

/** Arguments of `conversations`. */
export interface ConversationsRequest {
  /** Only conversations whose last message has a smaller id. Default: the newest. */
  readonly before?: number | undefined;
  /** Maximum number of conversations, 1 to 1000. Default 50. */
  readonly limit?: number | undefined;
}

/** A message of the history. */
export interface HistoryMessage {
  /** Grows within the conversation. */
  readonly id: number;
  /** The other user. */
  readonly conversation: string;
  readonly from: string;
  readonly to: string;
  /** Empty if {@link isCut}. */
  readonly content: string;
  /**
   * Whether the message is too long for an answer over this transport, so that the server has left out its content. WebSocket
   * carries longer messages than TCP.
   */
  readonly isCut: boolean;
  /** The application's own message type, a 32-bit number; -1 for none. */
  readonly type: number;
  /** The sender's id of the message. */
  readonly fingerprint: string;
  /** When the server accepted the message, in milliseconds since 1970. */
  readonly serverTime: number;
  /** Whether a device of this user has sent it. */
  readonly isOwn: boolean;
}

/** A part of the history of a conversation. */
export interface HistoryPage {
  /** In the order of the server: the newest first. */
  readonly messages: readonly HistoryMessage[];
  /** Whether there may be older ones: ask again with `before`. */
  readonly hasMore: boolean;
}

/** A conversation of the user. */
export interface Conversation {
  /** The other user. */
  readonly conversation: string;
  readonly last: HistoryMessage;
  /** Number of its messages that no device of the user has received. */
  readonly waiting: number;
}

/** A part of the user's conversations. */
export interface ConversationPage {
  /** The one with the newest message first. */
  readonly conversations: readonly Conversation[];
  /** Whether there may be more: ask again with `before`. */
  readonly hasMore: boolean;
}

/** A device of the user. */
export interface DeviceInfo {
  /** Empty for all clients of MobileIMSDK, and for clients without storage: they share it. */
  readonly id: string;
  /** For example `web` or `ios`; may be empty. */
  readonly kind: string;
  /** For people; may be empty. */
  readonly name: string;
  /** When it last logged in, in milliseconds since 1970, to the hour. */
  readonly seenAt: number;
  readonly isOnline: boolean;
  /** Whether it is this one. */
  readonly isOwn: boolean;
}

/** A request to the server. */
export type LogRequest =
  | ({ readonly operation: 'history' } & HistoryRequest)
  | ({ readonly operation: 'conversations' } & ConversationsRequest)
  | { readonly operation: 'devices' }
  | { readonly operation: 'removeDevice'; readonly id: string };

/** The result of a request. */
export type RequestResult = HistoryPage | ConversationPage | readonly DeviceInfo[] | boolean;
