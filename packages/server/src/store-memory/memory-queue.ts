import type { QueueLimit, QueueSize, StoreId, WaitingMessage } from '../ports/message-store.js';
import type { Retention } from '../ports/retention.js';

/** A message that waits, and since when: from its acceptance, or from when it was resent. */
interface Waiting {
  readonly message: WaitingMessage;
  readonly since: number;
}

/** What waits for one user, oldest first. */
export class MemoryMailbox {
  readonly #waiting = new Map<StoreId, Waiting>();
  #bytes = 0;

  get size(): QueueSize {
    return { messages: this.#waiting.size, bytes: this.#bytes };
  }

  get oldest(): Waiting | undefined {
    for (const waiting of this.#waiting.values()) return waiting;
    return undefined;
  }

  values(): Iterable<Waiting> {
    return this.#waiting.values();
  }

  /** The limit that leaves no room for a body of so many bytes; undefined when there is room. */
  limitFor(bytes: number, retention: Required<Retention>): QueueLimit | undefined {
    if (this.#bytes + bytes > retention.maxBytesPerUser) return 'maxBytesPerUser';
    return this.#waiting.size >= retention.maxPerUser ? 'maxPerUser' : undefined;
  }

  add(waiting: Waiting): void {
    this.#waiting.set(waiting.message.id, waiting);
    this.#bytes += waiting.message.body.length;
  }

  /** Takes a message out. Returns `undefined` for an id that does not wait here. */
  remove(id: StoreId): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    this.#bytes -= waiting.message.body.length;
    return waiting;
  }
}
