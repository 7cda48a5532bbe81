import type { Conversation } from '../model/conversation.js';
import type { ChatMessage, OutgoingMessage } from '../model/message.js';
import type { History, HistoryPage } from './history.js';
import { MemoryHistory } from './memory-history.js';

/**
 * A history that may refuse messages, for instance on a full disk, together with those that it has refused: they are
 * there until the page is closed.
 */
export class SureHistory implements History {
  readonly #kept: History;
  readonly #refused = new MemoryHistory();
  readonly #onRefused: () => void;

  /** `onRefused` is told of each message that is not kept. */
  constructor(kept: History, onRefused: () => void) {
    this.#kept = kept;
    this.#onRefused = onRefused;
  }

  lastOrder(): Promise<number> {
    return this.#kept.lastOrder();
  }

  conversations(): Promise<Conversation[]> {
    return this.#kept.conversations();
  }

  async page(peer: string, before: number | undefined, size: number): Promise<HistoryPage> {
    const { messages, isLast } = await this.#kept.page(peer, before, size);
    const refused = await this.#refused.page(peer, before, Number.MAX_SAFE_INTEGER);
    const first = isLast ? 0 : (messages[0]?.order ?? 0);
    const among = refused.messages.filter(({ order }) => order >= first);
    return { messages: [...messages, ...among].sort((a, b) => a.order - b.order), isLast };
  }

  pending(): Promise<OutgoingMessage[]> {
    return this.#kept.pending();
  }

  async add(message: ChatMessage): Promise<boolean> {
    try {
      return await this.#kept.add(message);
    } catch {
      this.#onRefused();
      return await this.#refused.add(message);
    }
  }

  async setDelivery(
    id: string,
    delivery: OutgoingMessage['delivery'],
    failure: OutgoingMessage['failure'],
  ): Promise<void> {
    await this.#refused.setDelivery(id, delivery, failure);
    await this.#kept.setDelivery(id, delivery, failure);
  }

  keepConversation(conversation: Conversation): Promise<void> {
    return this.#kept.keepConversation(conversation);
  }

  async deleteConversation(peer: string): Promise<void> {
    await this.#refused.deleteConversation(peer);
    await this.#kept.deleteConversation(peer);
  }

  close(): void {
    this.#kept.close();
  }
}
