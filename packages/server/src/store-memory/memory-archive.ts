import type { HistoryQuery, StoreId, WaitingMessage } from '../ports/message-store.js';

interface Confirmed {
  readonly confirmedAt: number;
  readonly message: WaitingMessage;
}

/**
 * What the memory store knows of confirmed messages: their keys, so that a late copy is not stored again, and, where
 * there is history, the messages of each pair of users. Oldest first in both.
 */
export class MemoryArchive {
  readonly #maxRemembered: number;
  readonly #rememberMs: number;
  readonly #historyMs: number;
  readonly #known = new Map<string, number>();
  readonly #kept = new Map<StoreId, Confirmed>();
  readonly #pairs = new Map<string, Map<StoreId, WaitingMessage>>();

  constructor(maxRemembered: number, rememberMs: number, historyMs: number) {
    this.#maxRemembered = maxRemembered;
    this.#rememberMs = Math.max(rememberMs, historyMs);
    this.#historyMs = historyMs;
  }

  knows(key: string): boolean {
    return this.#known.has(key);
  }

  /** A message has come, and belongs to the history of two users from now on. */
  note(message: WaitingMessage): void {
    if (this.#historyMs === 0) return;
    const pair = pairOf(message.from, message.to);
    const messages = this.#pairs.get(pair);
    if (messages === undefined) this.#pairs.set(pair, new Map([[message.id, message]]));
    else messages.set(message.id, message);
  }

  /** It is no part of any history: it died, or was kept long enough. */
  strike(message: WaitingMessage): void {
    const pair = pairOf(message.from, message.to);
    const messages = this.#pairs.get(pair);
    messages?.delete(message.id);
    if (messages?.size === 0) this.#pairs.delete(pair);
  }

  /** Beyond the limit the oldest are forgotten. */
  remember(key: string, message: WaitingMessage, now: number, isHistory: boolean): void {
    this.#known.set(key, now);
    if (isHistory && this.#historyMs > 0) this.#kept.set(message.id, { confirmedAt: now, message });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#maxRemembered) break;
      this.#known.delete(oldest);
    }
    for (const { message: oldest } of this.#kept.values()) {
      if (this.#kept.size <= this.#maxRemembered) break;
      this.#drop(oldest);
    }
  }

  forget(now: number): void {
    for (const [key, confirmedAt] of this.#known) {
      if (confirmedAt > now - this.#rememberMs) break;
      this.#known.delete(key);
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
  }

  #drop(message: WaitingMessage): void {
    this.#kept.delete(message.id);
    this.strike(message);
  }
}

function pairOf(a: string, b: string): string {
  const [first, second] = a < b ? [a, b] : [b, a];
  return `${first.length}:${first}${second}`;
}
