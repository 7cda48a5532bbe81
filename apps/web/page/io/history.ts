import type { Conversation } from '../model/conversation.js';
import type { ChatMessage, OutgoingMessage } from '../model/message.js';

/** One page of a conversation, oldest first. */
export interface HistoryPage {
  readonly messages: readonly ChatMessage[];
  /** Whether there are no older messages. */
  readonly isLast: boolean;
}

/** The messages and conversations of one user on one server, as stored in this browser. */
export interface History {
  /** The highest `order` of a conversation; 0 if there is none. */
  lastOrder(): Promise<number>;
  conversations(): Promise<Conversation[]>;
  /** Returns the newest messages of a conversation, or the newest ones with an `order` below `before`. */
  page(peer: string, before: number | undefined, size: number): Promise<HistoryPage>;
  /** Returns the outgoing messages that are not acknowledged yet, in the order of sending. */
  pending(): Promise<OutgoingMessage[]>;
  /** Adds a message. Resolves with false if it exists already, and does not change it. */
  add(message: ChatMessage): Promise<boolean>;
  /** `at`: its new time, if it has one. */
  setDelivery(
    id: string,
    delivery: OutgoingMessage['delivery'],
    failure: OutgoingMessage['failure'],
    at?: number,
  ): Promise<void>;
  keepConversation(conversation: Conversation): Promise<void>;
  /** Deletes a conversation with its messages; keeps `deleted` in its place, if given. */
  deleteConversation(peer: string, deleted?: Conversation): Promise<void>;
  close(): void;
}
