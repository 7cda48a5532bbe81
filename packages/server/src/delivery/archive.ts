import type { Clock } from '@imcore/protocol';
import { UsageError } from '../errors.js';
import type { DeadMessage, KeptMessage } from '../message.js';
import type { MessageStore, StoreId } from '../ports/message-store.js';
import type { Courier } from './courier.js';
import { toDeadMessage, toKeptMessage } from './kept-message.js';

/** Messages that one call gives at most, and gives unless it is told otherwise. */
const [MAX_PAGE, DEFAULT_PAGE] = [1000, 100];

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

/** Which messages between two users are asked for. */
export interface HistoryOptions {
  /** The two users. */
  readonly a: string;
  readonly b: string;
  /** Only messages older than this one. Default: from the newest on. */
  readonly before?: StoreId | undefined;
  /** 1 to 1000. Default 100. */
  readonly limit?: number | undefined;
}

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
  resend(letters: readonly DeadLetterRef[]): Promise<number>;
  /** Deletes them. Resolves with how many. */
  discard(letters: readonly DeadLetterRef[]): Promise<number>;
}

/** What the application can ask of the store while the server runs. */
export class Archive implements DeadLetters {
  readonly #store: MessageStore | undefined;
  readonly #courier: Courier;
  readonly #clock: Clock;

  constructor(store: MessageStore | undefined, courier: Courier, clock: Clock) {
    this.#store = store;
    this.#courier = courier;
    this.#clock = clock;
  }

  async list({ userId, after, limit = DEFAULT_PAGE }: DeadLetterQuery = {}): Promise<readonly DeadMessage[]> {
    checkLimit(limit);
    return (await this.#require('deadLetters').deadLetters(after, limit, userId)).map(toDeadMessage);
  }

  async resend(letters: readonly DeadLetterRef[]): Promise<number> {
    const store = this.#require('deadLetters');
    const ids = letters.map(({ id }) => id);
    try {
      return await store.resend(ids, this.#clock.wallTime());
    } finally {
      // What failed may have been done all the same, and only its answer was lost.
      for (const userId of new Set(letters.map(({ message }) => message.to))) {
        this.#courier.lookAgain(userId);
      }
    }
  }

  async discard(letters: readonly DeadLetterRef[]): Promise<number> {
    return this.#require('deadLetters').discard(letters.map(({ id }) => id));
  }

  async history({ a, b, before, limit = DEFAULT_PAGE }: HistoryOptions): Promise<readonly KeptMessage[]> {
    checkLimit(limit);
    const store = this.#require('history');
    if (!store.keepsHistory)
      throw new UsageError('ERR_NO_HISTORY', 'history() was called, and the store keeps none: set historyMs');
    return (await store.history({ a, b, before, limit })).map(toKeptMessage);
  }

  #require(method: string): MessageStore {
    if (this.#store !== undefined) return this.#store;
    throw new UsageError('ERR_NO_STORE', `${method} was used on a server without a store`);
  }
}

function checkLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE) return;
  throw new UsageError(
    'ERR_INVALID_ARGUMENT',
    `limit is ${limit}, allowed are whole numbers from 1 to ${MAX_PAGE}`,
  );
}
