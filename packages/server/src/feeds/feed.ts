import { type Instant, NEVER, type SkipReason } from '@imcore/protocol';

/** Maximum bytes beyond the acknowledged position; one entry is always written. */
export const FEED_BYTES = 262_144;

/** Longest wait before a feed goes back again, in milliseconds: twice the last one as long as nothing is acknowledged. */
const MAX_RETRY_WAIT_MS = 60_000;

/** Wait before a log is read again that could not be read, or did not have what it should, in milliseconds. */
const READ_RETRY_MS = 1000;

/** Maximum number of own messages that a feed passes over later; others are written as entries. */
const MAX_OWN = 256;

const NOTHING: readonly never[] = [];

/** What a feed must know of an entry. */
export interface FeedEntry {
  readonly position: number;
  /** Length of the frame body that is written. */
  readonly bytes: number;
}

/** A part of a log: the answer to the action `read`. */
export interface FeedPage<Entry extends FeedEntry> {
  /** The oldest entries behind the position that was asked for, in order; fewer than the limit only if there are no more. */
  readonly entries: readonly Entry[];
  /** Everything up to it is removed. */
  readonly removed: number;
  /** The position of the newest entry. */
  readonly last: number;
}

/** What is fixed for a session. */
export interface FeedPolicy {
  /** How far beyond the acknowledged position the feed writes, in positions: 64, over UDP 16. */
  readonly window: number;
  /** The longest frame body that the session can read, in bytes. */
  readonly maxFrameBytes: number;
  /** See {@link Feed.retryWaitChanged}. */
  readonly retryWaitMs: number;
}

/** What the owner of a {@link Feed} must do, in order. */
export type FeedAction<Entry extends FeedEntry> =
  | { readonly kind: 'write'; readonly entry: Entry }
  /** Write a skip packet for the positions from `from` to `to`. `entry`: the one that is too long for the session. */
  | {
      readonly kind: 'skip';
      readonly from: number;
      readonly to: number;
      readonly reason: SkipReason;
      readonly entry?: Entry;
    }
  /** Read the log, and call {@link Feed.pageRead} or {@link Feed.readFailed}. There is one read at a time. */
  | { readonly kind: 'read'; readonly after: number; readonly limit: number }
  /** The device has everything up to a position. It need not be stored at once, but not before this. */
  | { readonly kind: 'acknowledged'; readonly position: number };

/**
 * Writes a log to one negotiated session: in order, with a limited number of entries that are not acknowledged.
 *
 * New entries are the end of the same log, so nothing waits in a queue of its own while older ones are written. Pure: it reads
 * no clock and no store; the caller passes `now`, calls `poll` at `nextDeadline`, and does what the methods return.
 *
 * @see docs/protocol/SPEC.md#125-the-log
 */
export class Feed<Entry extends FeedEntry> {
  readonly #window: number;
  readonly #maxFrameBytes: number;
  #retryWaitMs: number;
  #nextWaitMs: number;
  #retryAt: Instant = NEVER;
  #readAt: Instant = NEVER;
  /** Everything up to it is acknowledged. */
  #acknowledged: number;
  /** Whether the device has acknowledged anything in this session. */
  #hasAdvanced = false;
  /** Everything up to it is written, skipped or passed over. */
  #sent: number;
  #last: number;
  /** What is written and not acknowledged; undefined if nothing is, so that an idle session needs no memory for it. */
  #inFlight: FeedEntry[] | undefined;
  #bytesInFlight = 0;
  /** What was read; from `#next` on it is not written. */
  #page: readonly Entry[] = NOTHING;
  #next = 0;
  /** Up to here the page is complete: where it has no entry, there is none. */
  #pageEnd = 0;
  #removed = 0;
  /** Where the pending read began. */
  #reading: number | undefined;
  /** Positions of own messages that the session was told of. */
  #own: Set<number> | undefined;
  #averageBytes = 1024;
  #ignored = 0;

  /** `position`: the feed begins behind it. `last`: the position of the newest entry. */
  constructor(position: number, last: number, policy: FeedPolicy) {
    this.#acknowledged = position;
    this.#sent = position;
    this.#last = last;
    this.#window = policy.window;
    this.#maxFrameBytes = policy.maxFrameBytes;
    this.#retryWaitMs = policy.retryWaitMs;
    this.#nextWaitMs = policy.retryWaitMs;
  }

  /** The position of the newest entry, for keep-alive responses. */
  get last(): number {
    return this.#last;
  }

  /** The device has everything up to it. */
  get position(): number {
    return this.#acknowledged;
  }

  /** What was read and is not written. */
  get unwritten(): readonly Entry[] {
    return this.#page.slice(this.#next);
  }

  /** Everything up to it is written, skipped or passed over. */
  get sent(): number {
    return this.#sent;
  }

  /** Number of position and sync packets that were ignored: older than an earlier one, or beyond the end of the log. */
  get ignored(): number {
    return this.#ignored;
  }

  /** When `poll` must be called next. */
  get nextDeadline(): Instant {
    return Math.min(this.#retryAt, this.#readAt);
  }

  /**
   * How long the feed waits for an acknowledgement before it goes back: 5 s over a stream. Over UDP two round trips and the
   * 200 ms after which a device acknowledges.
   */
  retryWaitChanged(retryWaitMs: number): void {
    this.#retryWaitMs = retryWaitMs;
    this.#nextWaitMs = Math.max(this.#nextWaitMs, retryWaitMs);
  }

  /** Writes what the log has. Also to be called once at the beginning. */
  appended(last: number, now: Instant): FeedAction<Entry>[] {
    this.#last = Math.max(this.#last, last);
    return this.#fill([], now);
  }

  /**
   * The session was told that its own message is stored at a position: its entry is not written. To be called before
   * {@link appended}. If the feed goes back over it, the entry is written after all.
   */
  passOver(position: number): void {
    if (position <= this.#sent || (this.#own?.size ?? 0) >= MAX_OWN) return;
    this.#own ??= new Set();
    this.#own.add(position);
  }

  /** The log was read, as the action `read` has asked with `after` and `limit`. */
  pageRead(after: number, limit: number, page: FeedPage<Entry>, now: Instant): FeedAction<Entry>[] {
    if (after !== this.#reading) return [];
    this.#reading = undefined;
    this.#last = Math.max(this.#last, page.last);
    // If the feed has gone back behind `after` meanwhile, it reads again.
    if (after > this.#sent) return this.#fill([], now);
    const { entries, removed, last } = page;
    const end = entries.length < limit ? last : (entries[entries.length - 1]?.position ?? after);
    if (end <= after && after < this.#last) {
      this.#readAt = now + READ_RETRY_MS;
      return [];
    }
    this.#page = entries;
    this.#next = 0;
    this.#pageEnd = end;
    this.#removed = removed;
    if (entries.length > 0)
      this.#averageBytes = entries.reduce((sum, { bytes }) => sum + bytes, 0) / entries.length;
    return this.#fill([], now);
  }

  /** The log could not be read: it is read again after a second. */
  readFailed(now: Instant): void {
    this.#reading = undefined;
    this.#readAt = now + READ_RETRY_MS;
  }

  /** A position packet has arrived. */
  acknowledged(position: number, now: Instant): FeedAction<Entry>[] {
    if (!this.#isPossible(position) || position === this.#acknowledged) return [];
    return this.#fill(this.#advance(position, now), now);
  }

  /**
   * A sync packet has arrived: it acknowledges, and the feed continues from there. Until the device has acknowledged anything, that
   * may be before the feed began: the device keeps to the first response to its login, and a repeated login was answered later.
   */
  synced(after: number, now: Instant): FeedAction<Entry>[] {
    if (!this.#hasAdvanced) this.#acknowledged = Math.min(this.#acknowledged, after);
    if (!this.#isPossible(after)) return [];
    const actions = after > this.#acknowledged ? this.#advance(after, now) : [];
    this.#nextWaitMs = this.#retryWaitMs;
    this.#goBack();
    return this.#fill(actions, now);
  }

  /** Returns what is due. */
  poll(now: Instant): FeedAction<Entry>[] {
    if (this.#readAt <= now) this.#readAt = NEVER;
    if (this.#retryAt <= now) {
      this.#nextWaitMs = Math.min(2 * this.#nextWaitMs, MAX_RETRY_WAIT_MS);
      this.#goBack();
    }
    return this.#fill([], now);
  }

  /**
   * Returns whether a position can be the device's, and counts it if not. It may be one that this feed has not written yet:
   * the device may have handled more after its login than the login said.
   */
  #isPossible(position: number): boolean {
    const isPossible = position >= this.#acknowledged && position <= this.#last;
    if (!isPossible) this.#ignored += 1;
    return isPossible;
  }

  #advance(position: number, now: Instant): FeedAction<Entry>[] {
    this.#acknowledged = position;
    this.#hasAdvanced = true;
    // It may acknowledge what was written before the feed went back, or on an earlier link.
    this.#sent = Math.max(this.#sent, position);
    this.#forgetInFlight(position);
    this.#nextWaitMs = this.#retryWaitMs;
    this.#retryAt = this.#sent > position ? now + this.#retryWaitMs : NEVER;
    return [{ kind: 'acknowledged', position }];
  }

  #forgetInFlight(acknowledged: number): void {
    const left = this.#inFlight?.filter(({ position }) => position > acknowledged);
    this.#inFlight = left?.length === 0 ? undefined : left;
    this.#bytesInFlight = left?.reduce((sum, { bytes }) => sum + bytes, 0) ?? 0;
  }

  #goBack(): void {
    this.#sent = this.#acknowledged;
    this.#inFlight = undefined;
    this.#bytesInFlight = 0;
    this.#page = NOTHING;
    this.#pageEnd = this.#sent;
    this.#retryAt = NEVER;
  }

  /** Writes what fits into the window. */
  #fill(actions: FeedAction<Entry>[], now: Instant): FeedAction<Entry>[] {
    while (this.#writeNext(actions));
    // A page that is written is not kept in memory.
    if ((this.#page.at(-1)?.position ?? 0) <= this.#sent) this.#page = NOTHING;
    if (this.#sent > this.#acknowledged && this.#retryAt === NEVER) this.#retryAt = now + this.#nextWaitMs;
    return actions;
  }

  /** Writes, skips or passes over what is next. Returns false if it must wait. */
  #writeNext(actions: FeedAction<Entry>[]): boolean {
    const next = this.#sent + 1;
    if (this.#sent >= this.#last || this.#sent - this.#acknowledged >= this.#window) return false;
    if (this.#own?.delete(next)) {
      if (this.#own.size === 0) this.#own = undefined;
      this.#sent = next;
      return true;
    }
    const entry = this.#nextOfPage();
    if (entry?.position === next) return this.#write(entry, actions);
    const end = entry === undefined ? this.#pageEnd : entry.position - 1;
    if (end < next) this.#read(actions);
    else this.#skip(next, end, actions);
    return end >= next;
  }

  /** The first entry of the page that is not written. */
  #nextOfPage(): Entry | undefined {
    while (this.#next < this.#page.length) {
      const entry = this.#page[this.#next];
      if (entry !== undefined && entry.position > this.#sent) return entry;
      this.#next += 1;
    }
    return undefined;
  }

  #write(entry: Entry, actions: FeedAction<Entry>[]): boolean {
    const { position, bytes } = entry;
    if (bytes > this.#maxFrameBytes) {
      actions.push({ kind: 'skip', from: position, to: position, reason: 'too-large', entry });
      this.#sent = position;
      return true;
    }
    if (this.#bytesInFlight > 0 && this.#bytesInFlight + bytes > FEED_BYTES) return false;
    actions.push({ kind: 'write', entry });
    this.#inFlight ??= [];
    this.#inFlight.push({ position, bytes });
    this.#bytesInFlight += bytes;
    this.#sent = position;
    return true;
  }

  /** Skips positions that the log does not have any more, up to the next own message. */
  #skip(from: number, end: number, actions: FeedAction<Entry>[]): void {
    const isTrimmed = from <= this.#removed;
    let to = isTrimmed ? Math.min(end, this.#removed) : end;
    for (const own of this.#own ?? NOTHING) if (own > from && own <= to) to = own - 1;
    actions.push({ kind: 'skip', from, to, reason: isTrimmed ? 'trimmed' : 'expired' });
    this.#sent = to;
  }

  #read(actions: FeedAction<Entry>[]): void {
    if (this.#reading !== undefined || this.#readAt !== NEVER) return;
    this.#reading = this.#sent;
    const room = this.#window - (this.#sent - this.#acknowledged);
    const fitting = Math.ceil((FEED_BYTES - this.#bytesInFlight) / this.#averageBytes);
    actions.push({ kind: 'read', after: this.#sent, limit: Math.max(1, Math.min(room, fitting)) });
  }
}
