import type { HistoryMessage, HistoryPage } from '../log-request.js';
import type { MessageWindow } from './message-window.js';
import { codeOf } from './messages.js';
import type { HistoryState } from './snapshots.js';

/** What a {@link HistoryReader} needs. */
interface ReaderHost {
  /** Reads the messages of the conversation with smaller ids than `before`. */
  read(before: number | undefined, limit: number): Promise<HistoryPage>;
  /** Adds what was read. */
  found(message: HistoryMessage): void;
  changed(): void;
}

/** Codes that say that there is no history to read in this session. */
const WITHOUT_HISTORY: ReadonlySet<string> = new Set([
  'ERR_NO_HISTORY',
  'ERR_NOT_NEGOTIATED',
  'ERR_USE_A_STREAM',
  'ERR_UNKNOWN_OPERATION',
]);

/** Whether a request failed because there is no history to read in this session, for whatever it asks. */
export function saysNoHistory(error: unknown): boolean {
  return WITHOUT_HISTORY.has(codeOf(error) ?? '');
}

/**
 * Reads the history of an open conversation into its window: the newest page, older ones when asked for, and what is missing in
 * gaps. Makes one request at a time.
 */
export class HistoryReader {
  readonly #window: MessageWindow;
  readonly #pageSize: number;
  readonly #host: ReaderHost;
  #state: 'unread' | 'more' | 'complete' | 'failed' | 'none' = 'unread';
  #reading: Promise<void> | undefined;
  /** Whether the newest page has been read, so that the window is connected with the newest messages. */
  #isConnected = false;
  #isClosed = false;

  constructor(window: MessageWindow, pageSize: number, host: ReaderHost) {
    this.#window = window;
    this.#pageSize = pageSize;
    this.#host = host;
  }

  get state(): HistoryState {
    if (this.#state === 'none') return 'none';
    if (this.#reading !== undefined || this.#state === 'unread') return 'loading';
    return this.#state === 'more' && this.#window.isFull ? 'full' : this.#state;
  }

  /** The client is online: `hasHistory` says whether the history may be read. Reads what is missing. */
  online(hasHistory: boolean): void {
    if (!hasHistory) {
      this.#state = 'none';
      this.#window.setGaps('missing');
      this.#host.changed();
      return;
    }
    if (this.#state === 'none') this.#state = 'unread';
    if (!this.#isConnected || this.#window.firstGapId !== undefined) this.refresh();
    else if (this.#state === 'failed') this.#state = 'more';
    this.#host.changed();
  }

  /** Reads the newest messages, back to those before the oldest gap if there is one. */
  refresh(): void {
    if (this.#reading === undefined && this.#state !== 'none') void this.#run(() => this.#readNewest());
  }

  async loadOlder(): Promise<void> {
    if (this.#reading !== undefined) await this.#reading;
    if (this.#isClosed) return;
    if (!this.#isConnected && this.#state !== 'none') await this.#run(() => this.#readNewest());
    else if (this.state === 'more' || this.state === 'failed') await this.#run(() => this.#readOlder());
  }

  /** Items were removed at the beginning of the window. */
  trimmed(): void {
    if (this.#state === 'complete') this.#state = 'more';
  }

  close(): void {
    this.#isClosed = true;
  }

  async #run(read: () => Promise<void>): Promise<void> {
    const work = async (): Promise<void> => {
      try {
        await read();
      } catch (error) {
        this.#state = saysNoHistory(error) ? 'none' : 'failed';
        this.#window.setGaps('missing');
      }
      this.#reading = undefined;
      if (!this.#isClosed) this.#host.changed();
    };
    this.#reading = work();
    this.#host.changed();
    await this.#reading;
  }

  async #readNewest(): Promise<void> {
    const window = this.#window;
    for (let gaps = window.gaps(), isFirst = true; isFirst || gaps.length > 0; gaps = window.gaps()) {
      isFirst = false;
      window.setGaps('loading');
      // Without a gap one page is enough: what is between it and the messages that have arrived comes by the log.
      const known = window.firstGapId ?? 0;
      const hasMore = await this.#readBackTo(known);
      if (this.#isClosed) return;
      const newestGap = gaps.at(-1);
      // More is missing than may be kept: what comes before the gap is not connected with the rest.
      if (hasMore === true && newestGap !== undefined && known > 0) window.removeBefore(newestGap);
      for (const gap of gaps) window.remove(gap);
      if (hasMore !== undefined) this.#state = hasMore ? 'more' : 'complete';
      else if (this.#state !== 'complete') this.#state = 'more';
      this.#isConnected = true;
    }
  }

  /**
   * Reads pages, newest first, until they reach a known id. Returns undefined then, else whether there are more: without a known
   * id after the first page, and when the window is full.
   */
  async #readBackTo(known: number): Promise<boolean | undefined> {
    let left = this.#window.isFull ? this.#pageSize : this.#window.room;
    let before: number | undefined;
    for (;;) {
      const page = await this.#host.read(before, this.#pageSize);
      if (this.#isClosed) return undefined;
      this.#add(page.messages);
      const oldest = page.messages.at(-1)?.id;
      if (!page.hasMore || oldest === undefined) return false;
      if (known === 0) return true;
      if (oldest <= known) return undefined;
      left -= page.messages.length;
      if (left <= 0) return true;
      before = oldest;
    }
  }

  async #readOlder(): Promise<void> {
    const limit = Math.min(this.#pageSize, this.#window.room);
    const page = await this.#host.read(this.#window.firstId, limit);
    if (this.#isClosed) return;
    this.#add(page.messages);
    this.#state = page.hasMore ? 'more' : 'complete';
  }

  #add(messages: readonly HistoryMessage[]): void {
    for (const message of messages) this.#host.found(message);
    this.#host.changed();
  }
}
