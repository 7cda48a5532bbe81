import { UsageError } from '../errors.js';
import { type DeadMessage, toDeadMessage } from '../message.js';
import type { DeadLetterId, MessageStore } from '../ports/message-store.js';
import type { RouteQueues } from '../ports/route.js';
import type { Runtime } from '../runtime.js';

/** Which dead letters `list` returns. */
export interface DeadLetterQuery {
  /** Only dead letters for this receiver. Default: for all receivers. */
  readonly userId?: string | undefined;
  /** Only dead letters after this one. Default: starts with the oldest. */
  readonly after?: DeadLetterId | undefined;
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
   * Appends dead letters to the logs of their receivers again; a receiver who is online gets them at once. Resolves with
   * their number. A dead letter stays one if the receiver's queue is full. A number that is no longer a dead letter is ignored.
   */
  resend(deadLetters: readonly DeadLetterRef[]): Promise<number>;
  /** Deletes dead letters. Resolves with their number. */
  discard(deadLetters: readonly DeadLetterRef[]): Promise<number>;
}

/** Who reads the logs of users here. */
interface LogReaders extends Pick<RouteQueues, 'queueOf'> {
  /** The store may have got entries for a user. */
  wakeFeeds(userId: string): void;
}

/** The dead letters of a server's store. */
export class StoredDeadLetters implements DeadLetters {
  readonly #runtime: Runtime;
  readonly #store: MessageStore | undefined;
  readonly #queues: LogReaders | undefined;
  readonly #onAppended: ((userId: string) => void) | undefined;

  /** `onAppended`: called for each receiver of resent messages. */
  constructor(
    runtime: Runtime,
    store: MessageStore | undefined,
    queues: LogReaders | undefined,
    onAppended?: (userId: string) => void,
  ) {
    this.#runtime = runtime;
    this.#store = store;
    this.#queues = queues;
    this.#onAppended = onAppended;
  }

  async list({
    userId,
    after = 0,
    limit = DEFAULT_PAGE,
  }: DeadLetterQuery = {}): Promise<readonly DeadMessage[]> {
    checkPageLimit(limit);
    return (await requireStore(this.#store, 'deadLetters').deadLetters(after, limit, userId)).map(
      toDeadMessage,
    );
  }

  async resend(deadLetters: readonly DeadLetterRef[]): Promise<number> {
    const store = requireStore(this.#store, 'deadLetters');
    const ids = deadLetters.map(({ id }) => id);
    try {
      return await store.resend(ids, this.#runtime.clock.wallTime());
    } finally {
      // A call that failed may have succeeded in the store, and only its answer was lost.
      for (const userId of new Set(deadLetters.map(({ message }) => message.to))) {
        this.#queues?.queueOf(userId)?.poll();
        this.#queues?.wakeFeeds(userId);
        this.#onAppended?.(userId);
      }
    }
  }

  async discard(deadLetters: readonly DeadLetterRef[]): Promise<number> {
    return requireStore(this.#store, 'deadLetters').discard(deadLetters.map(({ id }) => id));
  }
}

/** Maximum and default number of messages that one call returns. */
const MAX_PAGE = 1000;
export const DEFAULT_PAGE = 100;

/** @throws UsageError `ERR_INVALID_ARGUMENT` */
export function checkPageLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE) return;
  throw new UsageError(
    'ERR_INVALID_ARGUMENT',
    `limit must be a whole number from 1 to ${MAX_PAGE}, got ${String(limit)}`,
  );
}

/** @throws UsageError `ERR_NO_STORE` */
export function requireStore(store: MessageStore | undefined, method: string): MessageStore {
  if (store !== undefined) return store;
  throw new UsageError('ERR_NO_STORE', `${method} was used on a server without a store`);
}
