import type { HistoryQuery, StoreId, WaitingMessage } from '../ports/message-store.js';
import { bytesOfKey, bytesOfMessage } from './memory-bytes.js';

interface Confirmed {
  readonly confirmedAt: number;
  readonly message: WaitingMessage;
}

/**
 * The memory store's record of confirmed messages: their keys, so that a late copy is not stored again, and, with
 * `historyMs`, the messages of each pair of users. Both oldest first.
 */
export class MemoryHistory {
  readonly #maxRemembered: number;
  readonly #rememberMs: number;
  readonly #historyMs: number;
  readonly #known = new Map<string, number>();
  readonly #kept = new Map<StoreId, Confirmed>();
  readonly #pairs = new Map<string, Map<StoreId, WaitingMessage>>();
  #bytes = 0;

  constructor(maxRemembered: number, rememberMs: number, historyMs: number) {
    this.#maxRemembered = maxRemembered;
    this.#rememberMs = Math.max(rememberMs, historyMs);
    this.#historyMs = historyMs;
  }

  /** Memory for keys and confirmed messages. The others of {@link addToHistory} are counted by the caller. */
  get bytes(): number {
    return this.#bytes;
  }

  has(key: string): boolean {
    return this.#known.has(key);
  }

  /** Adds a message to the history of its two users, if history is kept. */
  addToHistory(message: WaitingMessage): void {
    if (this.#historyMs === 0) return;
    const pair = pairOf(message.from, message.to);
    const messages = this.#pairs.get(pair);
    if (messages === undefined) this.#pairs.set(pair, new Map([[message.id, message]]));
    else messages.set(message.id, message);
  }

  /** Removes a message from the history: it is a dead letter now, or was kept long enough. */
  removeFromHistory(message: WaitingMessage): void {
    const pair = pairOf(message.from, message.to);
    const messages = this.#pairs.get(pair);
    messages?.delete(message.id);
    if (messages?.size === 0) this.#pairs.delete(pair);
  }

  /** Remembers a message's key. Beyond `maxRemembered` the oldest are forgotten. */
  remember(key: string, message: WaitingMessage, now: number, isHistory: boolean): void {
    if (!this.#known.has(key)) this.#bytes += bytesOfKey(key);
    this.#known.set(key, now);
    if (isHistory && this.#historyMs > 0) this.#keep(message, now);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#maxRemembered) break;
      this.#forgetKey(oldest);
    }
    for (const { message: oldest } of this.#kept.values()) {
      if (this.#kept.size <= this.#maxRemembered) break;
      this.#drop(oldest);
    }
  }

  forget(now: number): void {
    for (const [key, confirmedAt] of this.#known) {
      if (confirmedAt > now - this.#rememberMs) break;
      this.#forgetKey(key);
    }
    for (const { message, confirmedAt } of this.#kept.values()) {
      if (confirmedAt > now - this.#historyMs) break;
      this.#drop(message);
    }
  }

  history({ a, b, before = Number.POSITIVE_INFINITY, limit }: HistoryQuery): readonly WaitingMessage[] {
    const messages = [...(this.#pairs.get(pairOf(a, b))?.values() ?? [])];
    return messages
      .filter(({ id }) => id < before)
      .sort((one, other) => other.id - one.id)
      .slice(0, limit);
  }

  clear(): void {
    this.#known.clear();
    this.#kept.clear();
    this.#pairs.clear();
    this.#bytes = 0;
  }

  #keep(message: WaitingMessage, now: number): void {
    if (!this.#kept.has(message.id)) this.#bytes += bytesOfMessage(message);
    this.#kept.set(message.id, { confirmedAt: now, message });
  }

  #forgetKey(key: string): void {
    this.#known.delete(key);
    this.#bytes -= bytesOfKey(key);
  }

  #drop(message: WaitingMessage): void {
    this.#kept.delete(message.id);
    this.#bytes -= bytesOfMessage(message);
    this.removeFromHistory(message);
  }
}

function pairOf(a: string, b: string): string {
  const [first, second] = a < b ? [a, b] : [b, a];
  return `${first.length}:${first}${second}`;
}
