import type { Conversation } from '../model/conversation.js';
import type { ChatMessage, OutgoingMessage } from '../model/message.js';

/** One page of a conversation, oldest first. */
export interface HistoryPage {
  readonly messages: readonly ChatMessage[];
  /** Whether nothing is older. */
  readonly isLast: boolean;
}

/** What one user of one server has written and received, as far as this browser keeps it. */
export interface History {
  /** The highest place that a message has; 0 for none. */
  lastOrder(): Promise<number>;
  conversations(): Promise<Conversation[]>;
  /** The newest messages of a conversation, or those before a place. */
  page(peer: string, before: number | undefined, size: number): Promise<HistoryPage>;
  /** Messages of one's own that nobody else is responsible for yet, in the order in which they were written. */
  pending(): Promise<OutgoingMessage[]>;
  /** Resolves with false when the message is there already, and leaves it as it is. */
  add(message: ChatMessage): Promise<boolean>;
  setDelivery(
    id: string,
    delivery: OutgoingMessage['delivery'],
    failure: OutgoingMessage['failure'],
  ): Promise<void>;
  keepConversation(conversation: Conversation): Promise<void>;
  /** With its messages. */
  deleteConversation(peer: string): Promise<void>;
  close(): void;
}
