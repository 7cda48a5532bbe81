import type { Conversation } from '../model/conversation.js';
import type { ChatMessage, OutgoingMessage } from '../model/message.js';
import type { History, HistoryPage } from './history.js';
import { MAX_MESSAGES_PER_CONVERSATION } from './stored-history.js';

/** A history in memory, for browsers without IndexedDB, for example in private windows. Lost when the page is closed. */
export class MemoryHistory implements History {
  readonly #conversations = new Map<string, Conversation>();
  readonly #messages = new Map<string, ChatMessage>();

  async lastOrder(): Promise<number> {
    return 0;
  }

  async conversations(): Promise<Conversation[]> {
    return [...this.#conversations.values()];
  }

  async page(peer: string, before: number | undefined, size: number): Promise<HistoryPage> {
    const all = this.#of(peer).filter(({ order }) => before === undefined || order < before);
    return { messages: all.slice(-size), isLast: all.length <= size };
  }

  async pending(): Promise<OutgoingMessage[]> {
    return [...this.#messages.values()].filter(
      (message) => message.kind === 'outgoing' && message.delivery === 'pending',
    ) as OutgoingMessage[];
  }

  async add(message: ChatMessage): Promise<boolean> {
    if (this.#messages.has(message.id)) return false;
    this.#messages.set(message.id, message);
    const excess = this.#of(message.peer).slice(0, -MAX_MESSAGES_PER_CONVERSATION);
    for (const { id } of excess) this.#messages.delete(id);
    return true;
  }

  async setDelivery(
    id: string,
    delivery: OutgoingMessage['delivery'],
    failure: OutgoingMessage['failure'],
    at?: number,
  ): Promise<void> {
    const found = this.#messages.get(id);
    if (found?.kind === 'outgoing')
      this.#messages.set(id, { ...found, delivery, failure, at: at ?? found.at });
  }

  async keepConversation(conversation: Conversation): Promise<void> {
    this.#conversations.set(conversation.peer, conversation);
  }

  async deleteConversation(peer: string, deleted?: Conversation): Promise<void> {
    if (deleted === undefined) this.#conversations.delete(peer);
    else this.#conversations.set(peer, deleted);
    for (const { id } of this.#of(peer)) this.#messages.delete(id);
  }

  close(): void {}

  #of(peer: string): ChatMessage[] {
    return [...this.#messages.values()].filter((message) => message.peer === peer);
  }
}
