import type { MessageId } from '../ports/message-store.js';
import { bytesOfKey } from './memory-bytes.js';

interface Remembered {
  readonly id: MessageId;
  readonly since: number;
}

/** The keys of messages that a store in memory no longer has, so that late copies are not stored again. Oldest first. */
export class MemoryKeys {
  readonly #maxKeys: number;
  readonly #rememberMs: number;
  readonly #keys = new Map<string, Remembered>();
  #bytes = 0;

  constructor(maxKeys: number, rememberMs: number) {
    this.#maxKeys = maxKeys;
    this.#rememberMs = rememberMs;
  }

  get bytes(): number {
    return this.#bytes;
  }

  idOf(key: string): MessageId | undefined {
    return this.#keys.get(key)?.id;
  }

  /** Remembers the key of a message that was dropped. Beyond the maximum the oldest are forgotten. */
  remember(key: string, id: MessageId, now: number): void {
    this.#keys.set(key, { id, since: now });
    this.#bytes += bytesOfKey(key);
    if (this.#keys.size <= this.#maxKeys) return;
    for (const oldest of this.#keys.keys()) {
      this.#forget(oldest);
      return;
    }
  }

  forget(now: number): void {
    for (const [key, { since }] of this.#keys) {
      if (since > now - this.#rememberMs) break;
      this.#forget(key);
    }
  }

  clear(): void {
    this.#keys.clear();
    this.#bytes = 0;
  }

  #forget(key: string): void {
    this.#keys.delete(key);
    this.#bytes -= bytesOfKey(key);
  }
}
