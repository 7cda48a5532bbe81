import type { Instant } from '@imcore/protocol';
import type { MessageStore, StoreId, WaitingMessage } from '../ports/message-store.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';

/** Maximum number of unacknowledged messages of a replay. With more, old clients lose more on a dead connection. */
export const REPLAY_WINDOW = 16;

/** Maximum page size. The first page has {@link REPLAY_WINDOW} messages, each further one twice as many as the last. */
export const MAX_PAGE = 128;

const NOTHING: readonly WaitingMessage[] = [];

/** What a replay needs from its owner. */
export interface ReplayTarget {
  /** Writes a message to the session. Returns false if the session cannot take it: it stays in the store. */
  write(message: WaitingMessage): boolean;
  /** Number of messages that the session has not acknowledged. */
  underWay(): number;
  /** Number of appends for this user that the store has not answered. */
  pendingAppends(): number;
  /** Messages that the user has acknowledged and whose confirmation the store has not answered. */
  confirming(): ReadonlySet<StoreId>;
  /** The store could not be read. The replay waits for the next {@link Replay.poll}. */
  failed(error: unknown): void;
  /** Everything is written: new messages need not wait, and the tail queue can be written. */
  caughtUp(): void;
}

/**
 * Writes a user's queue in the store to one session: page by page, in order, with a limited number of messages in flight.
 *
 * It reads one page ahead, so that a fast session does not wait for the store. It never reads more, so that a long queue
 * does not delay other users. It has caught up when the store has nothing left and no append is pending. A message that is
 * stored later for this user wakes it again.
 *
 * It is closing when all that is left are pending appends. New messages then wait in the tail queue in memory. If they were
 * stored, a replay would never end while messages keep coming.
 */
export class Replay implements RingEntry {
  readonly #store: MessageStore;
  readonly #userId: string;
  readonly #target: ReplayTarget;
  /** The messages that were read; those from {@link #next} on have not been written. */
  #page: readonly WaitingMessage[] = NOTHING;
  #next = 0;
  #after: StoreId | undefined;
  #pageLimit = REPLAY_WINDOW;
  #isReading = false;
  /** Whether the store may have messages after `after`. `unreadable`: the last read failed. */
  #rest: 'unknown' | 'none' | 'unreadable';
  #state: 'running' | 'closing' | 'caught-up' | 'ended';

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  /** Starts at the first {@link wake}. `state`: `'caught-up'` if the session already has everything in the store. */
  constructor(store: MessageStore, userId: string, target: ReplayTarget, state: 'running' | 'caught-up') {
    this.#store = store;
    this.#userId = userId;
    this.#target = target;
    this.#state = state;
    this.#rest = state === 'running' ? 'unknown' : 'none';
  }

  /** Whether everything is written, so that new messages need not wait. */
  get isCaughtUp(): boolean {
    return this.#state === 'caught-up';
  }

  /** Whether the end is near, and new messages can wait in the tail queue. */
  get isClosing(): boolean {
    return this.#state === 'closing';
  }

  /** The messages of the tail queue were stored and must be read from the store. */
  fallBehind(): void {
    if (this.#state === 'closing') this.#state = 'running';
  }

  /** The store has got more messages since it was last read. New messages wait from now on. */
  wake(): void {
    if (this.#state === 'ended') return;
    if (this.#state === 'caught-up') this.#state = 'running';
    this.#rest = 'unknown';
    this.resume();
  }

  /**
   * The store may have got messages. New messages wait only if a read finds some: a store that cannot be read delays
   * no message.
   */
  poll(): void {
    if (this.#state === 'ended') return;
    this.#rest = 'unknown';
    this.resume();
  }

  /** The session has room again. */
  resume(): void {
    this.#writeWhatFits();
    if (this.#state === 'ended' || this.#isReading) return;
    const left = this.#page.length - this.#next;
    if (this.#rest === 'unknown') {
      if (left <= REPLAY_WINDOW) void this.#read();
    } else if (left === 0 && this.#rest === 'none') this.#finish();
  }

  /** Replays the stored messages from `id` on again: the session has not acknowledged them. */
  rewind(id: StoreId): void {
    if (this.#state === 'ended') return;
    this.#state = 'running';
    this.#page = this.#page.slice(this.#next).filter((message) => message.id < id);
    this.#next = 0;
    // Before the first read has finished, there may be messages before `id` that were never read.
    const isReadToEnd = this.#rest === 'none' && !this.#isReading;
    if (this.#after === undefined ? isReadToEnd : this.#after >= id) this.#after = id - 1;
    this.#rest = 'unknown';
  }

  /** The session has ended. */
  end(): void {
    this.#state = 'ended';
    this.#page = NOTHING;
  }

  /** Everything that was read is written, and the store had no more. */
  #finish(): void {
    if (this.#state === 'caught-up') return;
    this.#state = this.#target.pendingAppends() > 0 ? 'closing' : 'caught-up';
    if (this.#state === 'caught-up') this.#target.caughtUp();
  }

  #writeWhatFits(): void {
    while (this.#next < this.#page.length && this.#target.underWay() < REPLAY_WINDOW) {
      const message = this.#page[this.#next];
      this.#next += 1;
      if (message !== undefined) this.#target.write(message);
    }
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    this.#rest = 'none';
    const after = this.#after;
    // The store may execute the read before a pending confirmation, and answer after it.
    const confirming = this.#target.confirming();
    try {
      const page = await this.#store.take(this.#userId, after, this.#pageLimit);
      if (this.#after === after) this.#append(page, confirming);
    } catch (error) {
      if (this.#state === 'ended') return;
      this.#rest = 'unreadable';
      this.#target.failed(error);
    }
    this.#isReading = false;
    this.resume();
  }

  #append(page: readonly WaitingMessage[], confirming: ReadonlySet<StoreId>): void {
    const last = page.at(-1);
    if (last === undefined || this.#state === 'ended') return;
    if (this.#state === 'caught-up') this.#state = 'running';
    this.#rest = 'unknown';
    this.#after = last.id;
    this.#page = [...this.#page.slice(this.#next), ...page.filter(({ id }) => !confirming.has(id))];
    this.#next = 0;
    this.#pageLimit = Math.min(2 * this.#pageLimit, MAX_PAGE);
  }
}
