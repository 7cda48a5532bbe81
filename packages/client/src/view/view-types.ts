import type { Clock } from '@imcore/protocol';
import type { ImClient } from '../client.js';
import type {
  ConnectionSnapshot,
  ConversationListSnapshot,
  ConversationSnapshot,
  SnapshotStore,
} from './snapshots.js';

/** The part of a client that a view uses. */
export type ViewClient = Pick<
  ImClient,
  'state' | 'level' | 'userId' | 'quality' | 'on' | 'send' | 'history' | 'conversations'
>;

/** Options of `conversationView`. */
export interface ViewOptions {
  /** Maximum number of items that are kept of each open conversation. 50 to 100 000. Default 1000. */
  readonly maxMessages?: number | undefined;
  /** Maximum number of conversations in the list. 1 to 100 000. Default 1000. */
  readonly maxConversations?: number | undefined;
  /** Number of messages or conversations of one request, 1 to 1000. Default 50. */
  readonly pageSize?: number | undefined;
  /** Unread messages by conversation, as an earlier view has counted them. Default: none. */
  readonly unread?: Readonly<Record<string, number>> | undefined;
  /** Default: the platform's clock. */
  readonly clock?: Pick<Clock, 'wallTime'> | undefined;
}

/** A message to send in a conversation. */
export interface ViewSendRequest {
  readonly content: string;
  /** The application's own message type, a 32-bit number. Default -1: none. */
  readonly type?: number | undefined;
  /**
   * The id of the message, 1 to 256 characters; a message that is being sent or has failed with it is sent again, not twice.
   * Default: a new UUID.
   */
  readonly fingerprint?: string | undefined;
}

/**
 * One conversation. It is open while it has a subscriber: then its newest messages are read from the history, and those that
 * arrive are kept. Without a subscriber its snapshot is empty.
 */
export interface ConversationHandle extends SnapshotStore<ConversationSnapshot> {
  /** The other user. */
  readonly conversation: string;
  /** Reads older messages. Resolves when they are in the snapshot, or when `older` says why not. Never rejects. */
  loadOlder(): Promise<void>;
  /**
   * Sends a message and shows it at once as `sending`; what becomes of it is in the snapshot. Returns its key. Never throws: an
   * invalid message is shown as `failed`.
   */
  send(request: ViewSendRequest): string;
  /**
   * Sends a failed message again, with the same fingerprint, so that its receiver shows it once. Has no effect on others, and on
   * one that is too large.
   */
  retry(key: string): void;
  /** Removes a failed message. Has no effect on others. */
  discard(key: string): void;
  /** The user has seen all messages: nothing is unread. */
  markRead(): void;
}

/** The user's conversations. */
export interface ConversationList extends SnapshotStore<ConversationListSnapshot> {
  /** Reads further conversations. Resolves when they are in the snapshot, or when `older` says why not. Never rejects. */
  loadMore(): Promise<void>;
}

/**
 * What a chat application shows of a client: connection, conversations, and the messages of open conversations.
 *
 * Created by `conversationView`.
 */
export interface ConversationView {
  readonly connection: SnapshotStore<ConnectionSnapshot>;
  readonly conversations: ConversationList;
  /** One conversation. Returns the same object while it is open. */
  conversation(userId: string): ConversationHandle;
  /** Removes its listeners from the client, which stays as it is. The snapshots do not change any more. */
  close(): void;
}
