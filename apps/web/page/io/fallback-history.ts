import type { Conversation } from '../model/conversation.js';
import type { ChatMessage, OutgoingMessage } from '../model/message.js';
import type { History, HistoryPage } from './history.js';
import { MemoryHistory } from './memory-history.js';

/**
 * A stored history that keeps messages in memory if they cannot be stored, for example on a full disk. Those messages are
 * lost when the page is closed.
 */
export class FallbackHistory implements History {
  readonly #kept: History;
  readonly #unsaved = new MemoryHistory();
  readonly #onFailed: () => void;

  /** `onFailed` is called for each message that could not be stored. */
  constructor(kept: History, onFailed: () => void) {
    this.#kept = kept;
    this.#onFailed = onFailed;
  }

  lastOrder(): Promise<number> {
    return this.#kept.lastOrder();
  }

  conversations(): Promise<Conversation[]> {
    return this.#kept.conversations();
  }

  async page(peer: string, before: number | undefined, size: number): Promise<HistoryPage> {
    const { messages, isLast } = await this.#kept.page(peer, before, size);
    const unsaved = await this.#unsaved.page(peer, before, Number.MAX_SAFE_INTEGER);
    const first = isLast ? 0 : (messages[0]?.order ?? 0);
    const among = unsaved.messages.filter(({ order }) => order >= first);
    return { messages: [...messages, ...among].sort((a, b) => a.order - b.order), isLast };
  }

  pending(): Promise<OutgoingMessage[]> {
    return this.#kept.pending();
  }

  async add(message: ChatMessage): Promise<boolean> {
    try {
      return await this.#kept.add(message);
    } catch {
      this.#onFailed();
      return await this.#unsaved.add(message);
    }
  }

  async setDelivery(
    id: string,
    delivery: OutgoingMessage['delivery'],
    failure: OutgoingMessage['failure'],
    at?: number,
  ): Promise<void> {
    await this.#unsaved.setDelivery(id, delivery, failure, at);
    await this.#kept.setDelivery(id, delivery, failure, at);
  }

  keepConversation(conversation: Conversation): Promise<void> {
    return this.#kept.keepConversation(conversation);
  }

  async deleteConversation(peer: string, deleted?: Conversation): Promise<void> {
    await this.#unsaved.deleteConversation(peer);
    await this.#kept.deleteConversation(peer, deleted);
  }

  close(): void {
    this.#kept.close();
  }
}
