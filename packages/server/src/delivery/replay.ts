import type { Instant } from '@imcore/protocol';
import type { MessageStore, StoreId, WaitingMessage } from '../ports/message-store.js';
import type { DeadlineRing, RingEntry } from '../scheduling/deadline-queue.js';

/** Unacknowledged messages that a replay keeps under way. Old clients take more, but lose more with a dead link. */
export const REPLAY_WINDOW = 16;

/** What a replay asks of its surroundings. */
export interface ReplayTarget {
  /** Writes a message to the session. Returns false when the session cannot take it: it stays in the store. */
  write(message: WaitingMessage): boolean;
  /** Replayed messages that are not acknowledged yet. */
  underWay(): number;
  /** Appends for this user that the store has not answered for. */
  pendingAppends(): number;
  /** The store could not be read. The replay waits to be woken. */
  failed(error: unknown): void;
}

/**
 * Brings what the store holds for one user to one session: page by page, a window at a time, in order.
 *
 * It never holds more than a page, and reads the next one only when the session has room, so that a full mailbox
 * delays nobody else. Caught up when the store has nothing left and nothing is on its way there; a message that is
 * stored later for this user wakes it again.
 */
export class Replay implements RingEntry {
  readonly #store: MessageStore;
  readonly #userId: string;
  readonly #target: ReplayTarget;
  #after: StoreId | undefined;
  #state: 'idle' | 'reading' | 'caught-up' | 'ended' = 'idle';
  #mustReadAgain = false;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(store: MessageStore, userId: string, target: ReplayTarget) {
    this.#store = store;
    this.#userId = userId;
    this.#target = target;
  }

  /** Whether everything is with the session, so that new messages need not queue behind. */
  get isCaughtUp(): boolean {
    return this.#state === 'caught-up';
  }

  /** Something has changed: the session has room again, or the store has more. */
  wake(): void {
    if (this.#state === 'reading') this.#mustReadAgain = true;
    if (this.#state === 'idle' || this.#state === 'caught-up') void this.#read();
  }

  /** The session is gone. */
  end(): void {
    this.#state = 'ended';
  }

  async #read(): Promise<void> {
    this.#state = 'reading';
    do {
      this.#mustReadAgain = false;
      const room = REPLAY_WINDOW - this.#target.underWay();
      if (room <= 0) break;
      let page: readonly WaitingMessage[];
      try {
        page = await this.#store.take(this.#userId, this.#after, room);
      } catch (error) {
        if (this.#hasEnded()) return;
        this.#target.failed(error);
        break;
      }
      if (this.#hasEnded()) return;
      for (const message of page) {
        this.#after = message.id;
        this.#target.write(message);
        if (this.#hasEnded()) return;
      }
      if (page.length > 0) this.#mustReadAgain = true;
      else if (!this.#mustReadAgain && this.#target.pendingAppends() === 0) {
        this.#state = 'caught-up';
        return;
      }
    } while (this.#mustReadAgain);
    this.#state = 'idle';
  }

  #hasEnded(): boolean {
    return this.#state === 'ended';
  }
}
