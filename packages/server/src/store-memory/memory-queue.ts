import type { QueueLimit, QueueSize, StoreId, WaitingMessage } from '../ports/message-store.js';
import type { Retention } from '../ports/retention.js';

/** A message that waits. `since`: when it was accepted or, as a dead letter, resent. */
interface Waiting {
  readonly message: WaitingMessage;
  readonly since: number;
}

/** The messages that wait for one user, oldest first. */
export class MemoryQueue {
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

  /** Returns the limit that a body of so many bytes would exceed; undefined if there is room. */
  limitFor(bytes: number, retention: Required<Retention>): QueueLimit | undefined {
    if (this.#bytes + bytes > retention.maxBytesPerUser) return 'maxBytesPerUser';
    return this.#waiting.size >= retention.maxPerUser ? 'maxPerUser' : undefined;
  }

  add(waiting: Waiting): void {
    this.#waiting.set(waiting.message.id, waiting);
    this.#bytes += waiting.message.body.length;
  }

  /** Removes and returns a message; `undefined` for an id that is not in the queue. */
  remove(id: StoreId): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    this.#bytes -= waiting.message.body.length;
    return waiting;
  }
}
