import type { Instant } from '@imcore/protocol';
import type { MessageStore, StoreId, WaitingMessage } from '../ports/message-store.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';

/** Unacknowledged messages that a replay keeps under way. Old clients take more, but lose more with a dead link. */
export const REPLAY_WINDOW = 16;

/** The longest page that is read. The first is a window long, each further one twice as long as the last. */
export const MAX_PAGE = 128;

const NOTHING: readonly WaitingMessage[] = [];

/** What a replay asks of its surroundings. */
export interface ReplayTarget {
  /** Writes a message to the session. Returns false when the session cannot take it: it stays in the store. */
  write(message: WaitingMessage): boolean;
  /** Messages of the session that are not acknowledged yet. */
  underWay(): number;
  /** Appends for this user that the store has not answered for. */
  pendingAppends(): number;
  /** Messages that the user has and the store may not know of. */
  confirming(): ReadonlySet<StoreId>;
  /** The store could not be read. The replay waits for the next {@link Replay.poll}. */
  failed(error: unknown): void;
  /** New messages need not queue any more; those in the tail queue can be written. */
  caughtUp(): void;
}

/**
 * Brings what the store holds for one user to one session: page by page, a window at a time, in order.
 *
 * It reads one page ahead, so that a session that keeps up need not wait for the store, and never more, so that a full
 * queue delays nobody else. Caught up when the store has nothing left and nothing is on its way there; a message
 * that is stored later for this user wakes it again.
 *
 * It is closing when all that is left is on its way to the store: what comes then can wait in the tail queue instead of following
 * there, or a replay would never end while messages keep coming.
 */
export class Replay implements RingEntry {
  readonly #store: MessageStore;
  readonly #userId: string;
  readonly #target: ReplayTarget;
  /** What was read and not written, oldest first, from {@link #next} on. */
  #page: readonly WaitingMessage[] = NOTHING;
  #next = 0;
  #after: StoreId | undefined;
  #pageLimit = REPLAY_WINDOW;
  #isReading = false;
  /** What the store may hold behind `after`: something, nothing, or what it does not say at the moment. */
  #rest: 'unknown' | 'none' | 'unreadable';
  #state: 'running' | 'closing' | 'caught-up' | 'ended';

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  /** Begins with the first {@link wake}; `'caught-up'` where the session has whatever the store holds. */
  constructor(store: MessageStore, userId: string, target: ReplayTarget, state: 'running' | 'caught-up') {
    this.#store = store;
    this.#userId = userId;
    this.#target = target;
    this.#state = state;
    this.#rest = state === 'running' ? 'unknown' : 'none';
  }

  /** Whether everything is with the session, so that new messages need not queue behind. */
  get isCaughtUp(): boolean {
    return this.#state === 'caught-up';
  }

  /** Whether the end is near, and new messages can wait in the tail queue. */
  get isClosing(): boolean {
    return this.#state === 'closing';
  }

  /** The tail queue was emptied into the store, and its messages must be read from there. */
  fallBehind(): void {
    if (this.#state === 'closing') this.#state = 'running';
  }

  /** The store may have more than when it was read last. */
  wake(): void {
    if (this.#state === 'ended') return;
    if (this.#state === 'caught-up') this.#state = 'running';
    this.#rest = 'unknown';
    this.resume();
  }

  /**
   * The store may have something. New messages wait behind it only if it does: a store that cannot be read meanwhile delays
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

  /** What is stored from `id` on is brought again: the session has not taken it. */
  rewind(id: StoreId): void {
    if (this.#state === 'ended') return;
    this.#state = 'running';
    this.#page = this.#page.slice(this.#next).filter((message) => message.id < id);
    this.#next = 0;
    // Before the first read has finished, it is unknown what lies before `id`.
    const isReadToEnd = this.#rest === 'none' && !this.#isReading;
    if (this.#after === undefined ? isReadToEnd : this.#after >= id) this.#after = id - 1;
    this.#rest = 'unknown';
  }

  /** The session is gone. */
  end(): void {
    this.#state = 'ended';
    this.#page = NOTHING;
  }

  /** All that was read is written, and there was no more. */
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
    // The store may read before it confirms, and answer after it.
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
