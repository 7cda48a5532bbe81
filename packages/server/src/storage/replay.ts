import type { Instant } from '@imcore/protocol';
import { bytesOf, bytesOfEntries } from '../delivery/bytes-under-way.js';
import type { Entry, LogPage, Position } from '../ports/message-store.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';
import type { OnGivenUp } from './timed-store.js';

/** Maximum number of unacknowledged messages of a replay. With more, old clients lose more on a dead connection. */
export const REPLAY_WINDOW = 16;

/** Maximum page size. The first page has {@link REPLAY_WINDOW} messages, each further one twice as many as the last. */
export const MAX_PAGE = 128;

const NOTHING: readonly Entry[] = [];

/** The call of a store that a {@link Replay} makes. */
interface ReadableStore {
  take(userId: string, after: Position, limit: number, onGivenUp?: OnGivenUp<LogPage>): Promise<LogPage>;
}

/** What a replay needs from its owner. */
export interface ReplayTarget {
  /**
   * Writes a message to the session, or skips one that it cannot take, which stays in the store. Returns false if the message
   * must wait for the acknowledgement of another one with the same fingerprint: the replay goes on with it at the next
   * {@link Replay.resume}.
   */
  write(entry: Entry): boolean;
  /** Whether the session may get a message now, in addition to those that it has not acknowledged. */
  hasRoomFor(entry: Entry): boolean;
  /** Maximum number of messages that may be read at once. */
  maxPage(): number;
  /** Messages are kept in memory until they are written (positive), or no longer (negative), in bytes. */
  keeps(bytes: number): void;
  /** Number of appends for this user that the store has not answered. */
  pendingAppends(): number;
  /** Messages that the user has acknowledged and whose confirmation the store has not answered. */
  confirming(): ReadonlySet<Position>;
  /** The store could not be read. The replay waits for the next {@link Replay.poll}. */
  failed(error: unknown): void;
  /** New messages wait for the store. Called repeatedly. If it takes too long, {@link Replay.giveWay} must be called. */
  waits(): void;
  /** A read of the store begins. */
  reads(): void;
  /** The store has been read: the wait is over. `isEnd`: there was nothing more. `hasNamedDevice`: the user has one. */
  answered(isEnd: boolean, hasNamedDevice: boolean): void;
  /** Everything is written: new messages need not wait, and the tail queue can be written. */
  caughtUp(): void;
  /** As {@link caughtUp}, but the store has not answered in time: what it has is written after new messages. */
  gaveWay(): void;
}

/**
 * Writes what a user's log has for the v6 device to one session: page by page, in order, with a limited number of messages in flight.
 *
 * It reads one page ahead, so that a fast session does not wait for the store. It never reads more, so that a long log
 * does not delay other users. It has caught up when the store has nothing left and no append is pending. A message that is
 * stored later for this user wakes it again.
 *
 * It is closing when all that is left are pending appends. New messages then wait in the tail queue in memory. If they were
 * stored, a replay would never end while messages keep coming. They wait there as well while a read is pending and nothing
 * else is left to write.
 *
 * New messages never wait for a store that does not answer: after a while the replay gives way to them. It goes on when the
 * store answers; the messages are then out of order.
 *
 * @see docs/adr/0018-live-messages-overtake-a-silent-store.md
 */
export class Replay implements RingEntry {
  readonly #store: ReadableStore;
  readonly #userId: string;
  readonly #target: ReplayTarget;
  /** The messages that were read; those from {@link #next} on have not been written. */
  #page: readonly Entry[] = NOTHING;
  #next = 0;
  /** Memory for the messages that have not been written. */
  #bytes = 0;
  /** Everything in the log up to it was read, or is not for this session. */
  #after: Position = 0;
  #pageLimit = REPLAY_WINDOW;
  #isReading = false;
  /** Entries that other servers have sent during the read. */
  #pushed: Entry[] = [];
  /** Whether the store may have messages after `after`. `unreadable`: the last read failed. */
  #rest: 'unknown' | 'none' | 'unreadable';
  #state: 'running' | 'closing' | 'caught-up' | 'ended';
  /** Whether the store has not answered in time. */
  #isOverdue = false;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  /** Starts at the first {@link wake}. `state`: `'caught-up'` if the session already has everything in the store. */
  constructor(store: ReadableStore, userId: string, target: ReplayTarget, state: 'running' | 'caught-up') {
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

  /** Everything in the log up to it was read; 0 before the first read. */
  get position(): Position {
    return this.#after;
  }

  /** Whether nothing is left to write until the store answers. New messages can then wait in the tail queue. */
  get awaitsStore(): boolean {
    if (this.#state === 'closing') return true;
    const isUnanswered = this.#isReading || this.#rest === 'unreadable';
    return this.#state === 'running' && this.#next >= this.#page.length && isUnanswered;
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

  /**
   * Another server has appended an entry. It is taken without a read if nothing is missing before it: returns `taken`. `old`: it
   * was read before. `read`: it will be read from the store.
   */
  push(entry: Entry): 'taken' | 'old' | 'read' {
    if (this.#state === 'ended' || entry.position <= this.#after) return 'old';
    if (this.#isReading) {
      if (this.#pushed.length < MAX_PAGE) this.#pushed.push(entry);
      else this.#rest = 'unknown';
      return 'read';
    }
    if (!this.#take(entry)) {
      this.wake();
      return 'read';
    }
    this.resume();
    return 'taken';
  }

  /** The session has been written the entry at this position already. */
  skip(position: Position): void {
    if (this.#rest === 'none' && !this.#isReading && position === this.#after + 1) this.#after = position;
  }

  /** The session has room again. */
  resume(): void {
    this.#writeWhatFits();
    if (this.#state === 'ended') return;
    const left = this.#page.length - this.#next;
    if (left === 0 && this.#isOverdue) this.giveWay();
    if (this.#isReading) {
      if (this.#state === 'running') this.#target.waits();
      return;
    }
    if (this.#rest === 'unknown') {
      // With few bytes free nothing is read ahead.
      if (left <= Math.min(REPLAY_WINDOW, this.#target.maxPage() - 1)) void this.#read();
    } else if (left === 0 && this.#rest === 'none') this.#finish();
  }

  /** Replays the stored messages from `position` on again: the session has not acknowledged them. */
  rewind(position: Position): void {
    if (this.#state === 'ended') return;
    this.#state = 'running';
    this.#keep(this.#page.slice(this.#next).filter((entry) => entry.position < position));
    // Before the first read has finished, there may be messages before `position` that were never read.
    const isReadToEnd = this.#rest === 'none' && !this.#isReading;
    if (this.#after === 0 ? isReadToEnd : this.#after >= position) this.#after = position - 1;
    this.#rest = 'unknown';
  }

  /** The store has not answered in time. New messages need not wait any longer than for those that were read. */
  giveWay(): void {
    if (this.#state !== 'running' && this.#state !== 'closing') return;
    this.#isOverdue = this.#next < this.#page.length;
    if (this.#isOverdue) return;
    this.#state = 'caught-up';
    this.#target.gaveWay();
  }

  /** The session has ended. */
  end(): void {
    this.#state = 'ended';
    this.#pushed = [];
    this.#keep(NOTHING);
  }

  /** Everything that was read is written, and the store had no more. */
  #finish(): void {
    if (this.#state === 'caught-up') return;
    this.#state = this.#target.pendingAppends() > 0 ? 'closing' : 'caught-up';
    if (this.#state === 'caught-up') this.#target.caughtUp();
    else this.#target.waits();
  }

  /** Adds an entry to those that were read, if it follows them. */
  #take(entry: Entry): boolean {
    const left = this.#page.length - this.#next;
    if (this.#rest !== 'none' || entry.position !== this.#after + 1 || left >= this.#target.maxPage())
      return false;
    if (this.#state === 'caught-up') this.#state = 'running';
    this.#after = entry.position;
    this.#keep([...this.#page.slice(this.#next), entry]);
    return true;
  }

  /** Adds the entries that came during the read, or what is missing before them must be read. */
  #takePushed(): void {
    const pushed = this.#pushed;
    this.#pushed = [];
    for (const entry of pushed)
      if (entry.position > this.#after && !this.#take(entry)) this.#rest = 'unknown';
  }

  #writeWhatFits(): void {
    for (;;) {
      const entry = this.#page[this.#next];
      if (entry === undefined || !this.#target.hasRoomFor(entry)) return;
      const bytes = bytesOf(entry.body);
      this.#next += 1;
      this.#count(-bytes);
      if (this.#target.write(entry)) continue;
      this.#next -= 1;
      this.#count(bytes);
      return;
    }
  }

  /** Replaces the messages that were read and not written. */
  #keep(page: readonly Entry[]): void {
    this.#page = page;
    this.#next = 0;
    this.#count(bytesOfEntries(page) - this.#bytes);
  }

  #count(bytes: number): void {
    if (bytes === 0) return;
    this.#bytes += bytes;
    this.#target.keeps(bytes);
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    this.#rest = 'none';
    this.#target.reads();
    const after = this.#after;
    if (this.#state === 'running') this.#target.waits();
    // The store may execute the read before a pending confirmation, and answer after it.
    const confirming = this.#target.confirming();
    const limit = Math.min(this.#pageLimit, this.#target.maxPage());
    const answered = (page: LogPage): void => {
      const isEnd = page.entries.length < limit;
      this.#isOverdue = false;
      this.#target.answered(isEnd && this.#after === after, page.hasNamedDevice);
      if (this.#after === after) this.#append(page, confirming, isEnd);
      this.#takePushed();
    };
    let isGivenUp = false;
    try {
      answered(
        await this.#store.take(this.#userId, after, limit, () => {
          isGivenUp = true;
          return (late) => this.#answeredLate(() => late && answered(late));
        }),
      );
    } catch (error) {
      if (this.#state === 'ended') return;
      this.#pushed = [];
      this.#rest = 'unreadable';
      this.#target.failed(error);
      // There is no second read before the answer: the store has enough to do.
      if (isGivenUp) return;
    }
    this.#isReading = false;
    this.resume();
  }

  /** The store has answered a read that was given up, or failed it. */
  #answeredLate(use: () => void): void {
    if (this.#state === 'ended') return;
    this.#rest = 'unknown';
    use();
    this.#isReading = false;
    this.resume();
  }

  /** `isEnd`: the store had no more than this page. It may have got more since: then {@link wake} was called. */
  #append({ entries, last }: LogPage, confirming: ReadonlySet<Position>, isEnd: boolean): void {
    if (this.#state === 'ended') return;
    const lastEntry = entries.at(-1);
    this.#after = isEnd ? Math.max(this.#after, last) : (lastEntry?.position ?? this.#after);
    if (lastEntry === undefined) return;
    if (this.#state === 'caught-up') this.#state = 'running';
    if (!isEnd) this.#rest = 'unknown';
    this.#keep([
      ...this.#page.slice(this.#next),
      ...entries.filter(({ position }) => !confirming.has(position)),
    ]);
    this.#pageLimit = Math.min(2 * this.#pageLimit, MAX_PAGE);
  }
}
