import type {
  AppendResult,
  MessageStore,
  StoredMessage,
  StoreId,
  WaitingMessage,
} from '../ports/message-store.js';

export interface MemoryStoreOptions {
  /** Messages that wait for one user at most; beyond it `append` answers `full`. Default 10 000. */
  readonly maxPerUser?: number;
  /** Fingerprints of confirmed messages that are remembered, so that a late copy is not stored again. Default 100 000. */
  readonly maxRemembered?: number;
}

/**
 * Keeps messages in this process's memory: they survive a session, not the process. The reference for the contract
 * of {@link MessageStore}, and enough where the end of the process may end the messages.
 */
export function memoryStore(options: MemoryStoreOptions = {}): MessageStore {
  return new MemoryStore(options.maxPerUser ?? 10_000, options.maxRemembered ?? 100_000);
}

class MemoryStore implements MessageStore {
  readonly durable = false;
  readonly #maxPerUser: number;
  readonly #maxRemembered: number;
  readonly #mailboxes = new Map<string, Map<StoreId, WaitingMessage>>();
  /** (from, to, fingerprint) of what waits, with its id. */
  readonly #waiting = new Map<string, StoreId>();
  /** (from, to, fingerprint) of what was confirmed, oldest first. */
  readonly #confirmed = new Set<string>();
  #lastId = 0;

  constructor(maxPerUser: number, maxRemembered: number) {
    this.#maxPerUser = maxPerUser;
    this.#maxRemembered = maxRemembered;
  }

  append(messages: readonly StoredMessage[]): Promise<readonly AppendResult[]> {
    return Promise.resolve(messages.map((message) => this.#append(message)));
  }

  take(userId: string, after: StoreId | undefined, limit: number): Promise<readonly WaitingMessage[]> {
    const page: WaitingMessage[] = [];
    for (const message of this.#mailboxes.get(userId)?.values() ?? []) {
      if (page.length >= limit) break;
      if (after === undefined || message.id > after) page.push(message);
    }
    return Promise.resolve(page);
  }

  confirm(userId: string, ids: readonly StoreId[]): Promise<void> {
    const mailbox = this.#mailboxes.get(userId);
    for (const id of ids) {
      const message = mailbox?.get(id);
      if (message === undefined) continue;
      mailbox?.delete(id);
      this.#remember(keyOf(message));
    }
    if (mailbox?.size === 0) this.#mailboxes.delete(userId);
    return Promise.resolve();
  }

  count(userId: string): Promise<number> {
    return Promise.resolve(this.#mailboxes.get(userId)?.size ?? 0);
  }

  close(): Promise<void> {
    this.#mailboxes.clear();
    this.#waiting.clear();
    this.#confirmed.clear();
    return Promise.resolve();
  }

  #append(message: StoredMessage): AppendResult {
    const key = keyOf(message);
    const known = this.#waiting.get(key);
    if (known !== undefined || this.#confirmed.has(key)) return { outcome: 'duplicate', id: known };
    let mailbox = this.#mailboxes.get(message.to);
    if (mailbox === undefined) {
      mailbox = new Map();
      this.#mailboxes.set(message.to, mailbox);
    }
    if (mailbox.size >= this.#maxPerUser) return { outcome: 'full' };
    this.#lastId += 1;
    mailbox.set(this.#lastId, { ...message, id: this.#lastId });
    this.#waiting.set(key, this.#lastId);
    return { outcome: 'stored', id: this.#lastId };
  }

  /** Moves a key to the confirmed ones, and forgets the oldest of those beyond the limit. */
  #remember(key: string): void {
    this.#waiting.delete(key);
    this.#confirmed.add(key);
    if (this.#confirmed.size <= this.#maxRemembered) return;
    for (const oldest of this.#confirmed) {
      this.#confirmed.delete(oldest);
      return;
    }
  }
}

function keyOf(message: StoredMessage): string {
  return `${message.from.length}:${message.from}${message.to.length}:${message.to}${message.fingerprint}`;
}
