import { type DeadMessage, toDeadMessage } from '../message.js';
import type { MessageStore, StoreId } from '../ports/message-store.js';
import type { RouteQueues } from '../ports/route.js';
import type { Runtime } from '../runtime.js';
import { checkPageLimit, DEFAULT_PAGE, requireStore } from './page.js';

/** Which dead letters are asked for. */
export interface DeadLetterQuery {
  /** Only those of this receiver. Default: of everybody. */
  readonly userId?: string | undefined;
  /** Only those behind this one. Default: from the oldest on. */
  readonly after?: StoreId | undefined;
  /** 1 to 1000. Default 100. */
  readonly limit?: number | undefined;
}

/** A dead letter, as far as it must be known to do something about it. */
export type DeadLetterRef = Pick<DeadMessage, 'id'> & {
  readonly message: Pick<DeadMessage['message'], 'to'>;
};

/** Messages that were acknowledged and could not be brought to their receivers: see the store's `Retention`. */
export interface DeadLetters {
  /**
   * The oldest first.
   *
   * @throws UsageError `ERR_NO_STORE`, `ERR_INVALID_ARGUMENT`
   */
  list(query?: DeadLetterQuery): Promise<readonly DeadMessage[]>;
  /**
   * Lets them wait again, behind what waits already; a receiver who is online is sent them. Resolves with how many do:
   * those for whom there is no room, and those that are no dead letters any more, do not.
   */
  resend(deadLetters: readonly DeadLetterRef[]): Promise<number>;
  /** Deletes them. Resolves with how many. */
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
      // What failed may have been done all the same, and only its answer was lost.
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
