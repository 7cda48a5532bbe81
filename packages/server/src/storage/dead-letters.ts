import { type DeadMessage, toDeadMessage } from '../message.js';
import type { MessageStore, StoreId } from '../ports/message-store.js';
import type { RouteQueues } from '../ports/route.js';
import type { Runtime } from '../runtime.js';
import { checkPageLimit, DEFAULT_PAGE, requireStore } from './page.js';

/** Which dead letters `list` returns. */
export interface DeadLetterQuery {
  /** Only dead letters for this receiver. Default: for all receivers. */
  readonly userId?: string | undefined;
  /** Only dead letters after this one. Default: starts with the oldest. */
  readonly after?: StoreId | undefined;
  /** 1 to 1000. Default 100. */
  readonly limit?: number | undefined;
}

/** What identifies a dead letter. */
export type DeadLetterRef = Pick<DeadMessage, 'id'> & {
  readonly message: Pick<DeadMessage['message'], 'to'>;
};

/** Messages that were acknowledged to their senders and not delivered: see the store's `Retention`. */
export interface DeadLetters {
  /**
   * Returns dead letters, the oldest first.
   *
   * @throws UsageError `ERR_NO_STORE`, `ERR_INVALID_ARGUMENT`
   */
  list(query?: DeadLetterQuery): Promise<readonly DeadMessage[]>;
  /**
   * Appends dead letters to the queues of their receivers again; a receiver who is online gets them at once. Resolves with
   * their number. A dead letter stays one if the queue is full. An ID that is no longer a dead letter is ignored.
   */
  resend(deadLetters: readonly DeadLetterRef[]): Promise<number>;
  /** Deletes dead letters. Resolves with their number. */
  discard(deadLetters: readonly DeadLetterRef[]): Promise<number>;
}

/** The dead letters of a server's store. */
export class StoredDeadLetters implements DeadLetters {
  readonly #runtime: Runtime;
  readonly #store: MessageStore | undefined;
  readonly #queues: Pick<RouteQueues, 'queueOf'> | undefined;

  constructor(
    runtime: Runtime,
    store: MessageStore | undefined,
    queues: Pick<RouteQueues, 'queueOf'> | undefined,
  ) {
    this.#runtime = runtime;
    this.#store = store;
    this.#queues = queues;
  }

  async list({ userId, after, limit = DEFAULT_PAGE }: DeadLetterQuery = {}): Promise<readonly DeadMessage[]> {
    checkPageLimit(limit);
    return (await this.#require().deadLetters(after, limit, userId)).map(toDeadMessage);
  }

  async resend(deadLetters: readonly DeadLetterRef[]): Promise<number> {
    const store = this.#require();
    const ids = deadLetters.map(({ id }) => id);
    try {
      return await store.resend(ids, this.#runtime.clock.wallTime());
    } finally {
      // A call that failed may have succeeded in the store, and only its answer was lost.
      for (const userId of new Set(deadLetters.map(({ message }) => message.to)))
        this.#queues?.queueOf(userId)?.poll();
    }
  }

  async discard(deadLetters: readonly DeadLetterRef[]): Promise<number> {
    return this.#require().discard(deadLetters.map(({ id }) => id));
  }

  #require(): MessageStore {
    return requireStore(this.#store, 'deadLetters');
  }
}
