import type {
  Conversation,
  ConversationQuery,
  HistoryQuery,
  KeptRecord,
  MessageId,
} from '../ports/message-store.js';
import { bytesOfMessage } from './memory-bytes.js';
import type { MemoryMessage } from './memory-message.js';

interface Kept {
  readonly message: MemoryMessage;
  readonly since: number;
}

/** How far a conversation counts what waits. */
const MAX_WAITING = 100;

/**
 * The conversations of a store in memory, with `historyMs`: messages that are still in a log, and messages that are kept after
 * that. Its owner removes messages that become dead letters.
 */
export class MemoryHistory {
  readonly #maxKept: number;
  readonly #historyMs: number;
  /** By both users; the messages in the order of their ids. */
  readonly #conversations = new Map<string, Map<string, MemoryMessage[]>>();
  /** The messages that no log has any more, oldest first. */
  readonly #kept = new Map<MessageId, Kept>();
  #bytes = 0;

  constructor(maxKept: number, historyMs: number) {
    this.#maxKept = maxKept;
    this.#historyMs = historyMs;
  }

  /** Memory for messages that no log has any more. The others are counted by the owner. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a message to the conversation of its two users. */
  add(message: MemoryMessage): void {
    if (this.#historyMs === 0) return;
    const { from, to, id } = message.kept;
    let messages = this.#conversations.get(from)?.get(to);
    if (messages === undefined) {
      messages = [];
      this.#conversationsOf(from).set(to, messages);
      this.#conversationsOf(to).set(from, messages);
    }
    messages.splice(indexOf(messages, id), 0, message);
  }

  remove({ kept: { from, to, id } }: MemoryMessage): void {
    const messages = this.#conversations.get(from)?.get(to);
    if (messages === undefined) return;
    const index = indexOf(messages, id);
    if (messages[index]?.kept.id === id) messages.splice(index, 1);
    if (messages.length > 0) return;
    this.#deleteConversation(from, to);
    this.#deleteConversation(to, from);
  }

  /**
   * Keeps a message of a conversation that no log has any more; ignores one that was removed. Beyond the maximum number the
   * oldest are dropped.
   */
  keep(message: MemoryMessage, now: number): void {
    const { from, to, id } = message.kept;
    const messages = this.#conversations.get(from)?.get(to) ?? [];
    if (messages[indexOf(messages, id)]?.kept.id !== id) return;
    this.#bytes += bytesOfMessage(message.kept);
    this.#kept.set(message.kept.id, { message, since: now });
    if (this.#kept.size <= this.#maxKept) return;
    for (const { message: oldest } of this.#kept.values()) {
      this.#drop(oldest);
      return;
    }
  }

  forget(now: number): void {
    for (const { message, since } of this.#kept.values()) {
      if (since > now - this.#historyMs) break;
      this.#drop(message);
    }
  }

  history({ a, b, before = Number.POSITIVE_INFINITY, limit }: HistoryQuery): readonly KeptRecord[] {
    const messages = this.#conversations.get(a)?.get(b) ?? [];
    const end = indexOf(messages, before);
    const page = messages.slice(Math.max(0, end - limit), end);
    return page.reverse().map(({ kept }) => kept);
  }

  /** @param waits whether a message waits for its receiver. */
  conversations(
    { userId, before = Number.POSITIVE_INFINITY, limit }: ConversationQuery,
    waits: (message: MemoryMessage) => boolean,
  ): readonly Conversation[] {
    const found: { readonly with: string; readonly last: KeptRecord }[] = [];
    for (const [other, messages] of this.#conversations.get(userId) ?? []) {
      const last = messages.at(-1)?.kept;
      if (last !== undefined && last.id < before) found.push({ with: other, last });
    }
    const page = found.sort((one, two) => two.last.id - one.last.id).slice(0, limit);
    return page.map((each) => ({ ...each, waiting: this.#waiting(userId, each.with, waits) }));
  }

  clear(): void {
    this.#conversations.clear();
    this.#kept.clear();
    this.#bytes = 0;
  }

  #waiting(userId: string, other: string, waits: (message: MemoryMessage) => boolean): number {
    let count = 0;
    for (const message of this.#conversations.get(userId)?.get(other) ?? []) {
      if (message.kept.to === userId && waits(message)) count += 1;
      if (count === MAX_WAITING) break;
    }
    return count;
  }

  #drop(message: MemoryMessage): void {
    this.#kept.delete(message.kept.id);
    this.#bytes -= bytesOfMessage(message.kept);
    this.remove(message);
  }

  #conversationsOf(userId: string): Map<string, MemoryMessage[]> {
    let conversations = this.#conversations.get(userId);
    if (conversations === undefined) {
      conversations = new Map();
      this.#conversations.set(userId, conversations);
    }
    return conversations;
  }

  #deleteConversation(userId: string, other: string): void {
    const conversations = this.#conversations.get(userId);
    conversations?.delete(other);
    if (conversations?.size === 0) this.#conversations.delete(userId);
  }
}

/** The index of the first message whose id is not smaller. Looks at the end first, where most messages are added. */
function indexOf(messages: readonly MemoryMessage[], id: MessageId): number {
  let [low, high] = [0, messages.length];
  if (high === 0 || (messages[high - 1]?.kept.id ?? 0) < id) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((messages[middle]?.kept.id ?? 0) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
