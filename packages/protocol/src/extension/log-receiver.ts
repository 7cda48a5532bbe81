import { type Instant, NEVER } from '../clock.js';
import type { LogStart } from './login-answer.js';
import type { LogPosition } from './login-offer.js';
import { PassedPositions } from './passed-positions.js';

/** A device acknowledges after so many positions, or half a window if that is less. */
const ACKNOWLEDGE_AFTER = 16;

/** A device acknowledges after this time at the latest, in milliseconds. */
export const ACKNOWLEDGE_AFTER_MS = 200;

/** How long a device waits for an entry over UDP before it asks, in round trips, and in milliseconds at least. */
const ROUND_TRIPS_BEFORE_SYNC = 1.5;
const MIN_SYNC_WAIT_MS = 20;

/** How long a device waits before it asks again, in milliseconds: over a stream, and at most over UDP. */
const MAX_SYNC_WAIT_MS = 5000;

/** Maximum number of own messages that are known beyond the position. Others are received as entries. */
const MAX_OWN = 256;

/** Identifies an entry that was delivered, for {@link LogReceiver.handled}. */
export interface LogDelivery {
  readonly position: number;
  /** Positions of different generations must not be compared. */
  readonly generation: number;
}

/** What the owner of a {@link LogReceiver} must do, in order. */
export type LogAction<Entry> =
  /** Give the entry to the application, and call {@link LogReceiver.handled} when it has handled it. */
  | { readonly kind: 'deliver'; readonly entry: Entry; readonly delivery: LogDelivery }
  /**
   * Tell the application that entries will not come; empty if `to` is `from - 1`. `reason`: a `SkipReason`, or `hole` if the
   * server cannot continue where this device was.
   */
  | { readonly kind: 'gap'; readonly from: number; readonly to: number; readonly reason: string }
  /** Store the position, and finish before the actions that follow: a position that is acknowledged will not come again. */
  | { readonly kind: 'save'; readonly position: LogPosition }
  /** Write a position packet. */
  | { readonly kind: 'acknowledge'; readonly position: number }
  /** Write a sync packet. `hole`: an entry is missing; `behind`: the log has more than came in a keep-alive interval. */
  | { readonly kind: 'sync'; readonly after: number; readonly cause: 'hole' | 'behind' };

/** What arrived behind a missing entry: an entry, or a skip up to `to`. */
type Held<Entry> = { readonly entry: Entry } | { readonly to: number; readonly reason: string };

/**
 * The receiving side of a log: gives a device the entries in order, each once, and finds out what is missing.
 *
 * Owns no timer and reads no clock: the caller passes `now`, and calls `poll` at `nextDeadline`. Every method returns what
 * must be done. It lives as long as the user is logged in, over any number of links.
 *
 * @see docs/protocol/SPEC.md#125-the-log
 */
export class LogReceiver<Entry> {
  #epoch: string | undefined;
  #positions: PassedPositions;
  #generation = 0;
  #link: 'none' | 'unanswered' | 'open' = 'none';
  #isDatagram = false;
  #window = 1;
  #syncWaitMs = 0;
  /** What arrived over UDP behind a missing entry, by its first position: not more than a window. */
  readonly #held = new Map<number, Held<Entry>>();
  /** Own messages beyond the passed position, which the feed passes over. */
  readonly #own = new Set<number>();
  /** What the server was last told on this link. */
  #acknowledged = 0;
  #catchUpTo = 0;
  /** What came again since the last acknowledgement. */
  #repeats = 0;
  #acknowledgeAt: Instant = NEVER;
  #syncAt: Instant = NEVER;
  #nextSyncWaitMs = 0;
  /** The last keep-alive response that told of more than had come. */
  #behind: { readonly passed: number; readonly last: number } | undefined;

  /** `position`: what the device has stored; undefined on a new device. */
  constructor(position: LogPosition | undefined) {
    this.#epoch = position?.epoch;
    this.#positions = new PassedPositions(position?.position ?? 0);
  }

  /** For the next login's offer. Undefined before the first answer on a new device. */
  get position(): LogPosition | undefined {
    return this.#epoch === undefined ? undefined : { epoch: this.#epoch, position: this.#positions.handled };
  }

  /** Deliveries of other generations are those of a log that does not exist any more. */
  get generation(): number {
    return this.#generation;
  }

  /** When `poll` must be called next. */
  get nextDeadline(): Instant {
    return Math.min(this.#acknowledgeAt, this.#syncAt);
  }

  /** A new link was opened, and the login is about to be written. */
  linkStarted(kind: 'stream' | 'datagram', roundTripMs: number): void {
    this.linkEnded();
    this.#link = 'unanswered';
    this.#isDatagram = kind === 'datagram';
    this.roundTripMeasured(roundTripMs);
  }

  roundTripMeasured(roundTripMs: number): void {
    this.#syncWaitMs = this.#isDatagram
      ? Math.max(MIN_SYNC_WAIT_MS, ROUND_TRIPS_BEFORE_SYNC * roundTripMs)
      : MAX_SYNC_WAIT_MS;
  }

  /** The link is closed. What was delivered can still be handled. */
  linkEnded(): void {
    this.#link = 'none';
    this.#held.clear();
    this.#syncAt = NEVER;
    this.#behind = undefined;
  }

  /** The server has accepted the login. A second answer on a link is ignored: its position may be older. */
  answered(log: LogStart, now: Instant): LogAction<Entry>[] {
    if (this.#link !== 'unanswered') return [];
    this.#link = 'open';
    this.#window = log.window;
    this.#catchUpTo = log.last;
    this.#acknowledged = log.position;
    const actions: LogAction<Entry>[] = [];
    const isOtherLog = this.#epoch !== log.epoch || log.last < this.#positions.passed;
    if (isOtherLog) this.#startAnew(log, actions);
    else if (log.position > this.#positions.passed) this.#skipTo(log.position, 'hole', actions);
    this.#continue(actions, now);
    // Over UDP the server writes nothing before it knows that its answer has arrived.
    if (this.#isDatagram) {
      actions.push(...this.#acknowledge());
      if (this.#positions.passed < log.last) this.#missing(now);
    }
    return actions;
  }

  /** An entry has arrived. */
  received(position: number, entry: Entry, now: Instant): LogAction<Entry>[] {
    return this.#take(position, position, { entry }, now);
  }

  /** A skip has arrived: the entries from `from` to `to` will not come. */
  skipped(from: number, to: number, reason: string, now: Instant): LogAction<Entry>[] {
    return this.#take(from, to, { to, reason }, now);
  }

  /** An own message is stored at a position: its entry will not come. */
  stored(position: number, now: Instant): LogAction<Entry>[] {
    if (this.#link !== 'open' || position <= this.#positions.passed || this.#own.size >= MAX_OWN) return [];
    this.#own.add(position);
    const actions: LogAction<Entry>[] = [];
    if (position === this.#positions.passed + 1) this.#continue(actions, now);
    return actions;
  }

  /** A keep-alive response has arrived. A device that has been behind for an interval, and gets nothing, asks. */
  keptAlive(last: number, now: Instant): LogAction<Entry>[] {
    if (this.#link !== 'open') return [];
    const { passed, handled } = this.#positions;
    const before = this.#behind;
    this.#behind = passed < last ? { passed, last } : undefined;
    const isStuck = before !== undefined && before.passed === passed && passed < before.last;
    // The server waits for the application, not the other way round.
    const isWindowFull = passed - handled >= this.#window;
    return isStuck && !isWindowFull ? this.#sync('behind', now) : [];
  }

  /** The application has handled an entry. */
  handled({ position, generation }: LogDelivery, now: Instant): LogAction<Entry>[] {
    if (generation !== this.#generation) return [];
    const before = this.#positions.handled;
    this.#positions.handle(position);
    return this.#positions.handled === before ? [] : this.#advanced(now);
  }

  /** Returns what is due. */
  poll(now: Instant): LogAction<Entry>[] {
    if (this.#syncAt <= now) return this.#sync('hole', now);
    return this.#acknowledgeAt <= now ? this.#acknowledge() : [];
  }

  /** Takes what arrived for the positions from `from` to `to`. */
  #take(from: number, to: number, what: Held<Entry>, now: Instant): LogAction<Entry>[] {
    if (this.#link !== 'open') return [];
    const next = this.#positions.passed + 1;
    if (to < next) return this.#repeated(now);
    // No server writes so far ahead; what comes all the same must not fill the memory.
    if (from > this.#positions.handled + this.#window) return [];
    if (from > next && !this.#isDatagram) return this.#missing(now);
    const held = this.#held.get(from);
    // An entry that has arrived is not absent, even if it has left the log since.
    if (held === undefined || !('entry' in held)) this.#held.set(from, what);
    if (from > next) return this.#missing(now);
    const actions: LogAction<Entry>[] = [];
    this.#continue(actions, now);
    return actions;
  }

  /** Passes everything that is here and next. */
  #continue(actions: LogAction<Entry>[], now: Instant): void {
    const { passed, handled } = this.#positions;
    while (this.#passNext(actions));
    if (this.#positions.passed !== passed) {
      this.#nextSyncWaitMs = this.#syncWaitMs;
      this.#syncAt = this.#held.size === 0 ? NEVER : now + this.#syncWaitMs;
    }
    if (this.#positions.handled !== handled || this.#positions.handled > this.#acknowledged)
      actions.push(...this.#advanced(now));
  }

  #passNext(actions: LogAction<Entry>[]): boolean {
    const next = this.#positions.passed + 1;
    if (this.#own.delete(next)) {
      this.#positions.skipTo(next);
      return true;
    }
    for (const [from, held] of this.#held) {
      if (from > next) continue;
      this.#held.delete(from);
      if ('entry' in held) {
        // It may have been passed meanwhile, by a skip.
        if (from !== next) return true;
        const position = this.#positions.deliver();
        actions.push({
          kind: 'deliver',
          entry: held.entry,
          delivery: { position, generation: this.#generation },
        });
      } else if (held.to >= next) this.#skipTo(held.to, held.reason, actions);
      return true;
    }
    return false;
  }

  #skipTo(to: number, reason: string, actions: LogAction<Entry>[]): void {
    actions.push({ kind: 'gap', from: this.#positions.passed + 1, to, reason });
    this.#positions.skipTo(to);
    for (const own of this.#own) if (own <= to) this.#own.delete(own);
  }

  /** The positions of the log were given again: nothing that this device has counts any more. */
  #startAnew(log: LogStart, actions: LogAction<Entry>[]): void {
    const isNewDevice = this.#epoch === undefined;
    this.#generation += 1;
    this.#epoch = log.epoch;
    this.#positions = new PassedPositions(log.position);
    this.#own.clear();
    const { from, to } = log.hole ?? { from: 1, to: log.position };
    if (!isNewDevice || log.hole !== undefined) actions.push({ kind: 'gap', from, to, reason: 'hole' });
    actions.push(this.#save());
  }

  /** An entry is missing that must be on its way: over a stream it is lost, over UDP it may still come. */
  #missing(now: Instant): LogAction<Entry>[] {
    if (this.#syncAt !== NEVER) return [];
    this.#nextSyncWaitMs = this.#syncWaitMs;
    if (!this.#isDatagram) return this.#sync('hole', now);
    this.#syncAt = now + this.#syncWaitMs;
    return [];
  }

  /** Asks for everything behind what is handled; what is delivered and not handled comes again, and is ignored. */
  #sync(cause: 'hole' | 'behind', now: Instant): LogAction<Entry>[] {
    if (cause === 'hole') {
      this.#syncAt = now + this.#nextSyncWaitMs;
      this.#nextSyncWaitMs = Math.min(2 * this.#nextSyncWaitMs, MAX_SYNC_WAIT_MS);
    }
    this.#told();
    return [this.#save(), { kind: 'sync', after: this.#acknowledged, cause }];
  }

  /** What comes again is acknowledged again: the acknowledgement may be lost. */
  #repeated(now: Instant): LogAction<Entry>[] {
    this.#repeats += 1;
    return this.#acknowledgeSoon(this.#repeats >= this.#acknowledgeAfter, now);
  }

  /** More is handled. */
  #advanced(now: Instant): LogAction<Entry>[] {
    const { handled } = this.#positions;
    const isCaughtUp = this.#acknowledged < this.#catchUpTo && handled >= this.#catchUpTo;
    const isMuch = handled - this.#acknowledged >= this.#acknowledgeAfter;
    return this.#acknowledgeSoon(isCaughtUp || isMuch, now);
  }

  #acknowledgeSoon(isDue: boolean, now: Instant): LogAction<Entry>[] {
    if (isDue) return this.#acknowledge();
    this.#acknowledgeAt = Math.min(this.#acknowledgeAt, now + ACKNOWLEDGE_AFTER_MS);
    return [];
  }

  #acknowledge(): LogAction<Entry>[] {
    this.#told();
    const save = this.#save();
    return this.#link === 'open' ? [save, { kind: 'acknowledge', position: this.#acknowledged }] : [save];
  }

  #told(): void {
    this.#acknowledged = this.#positions.handled;
    this.#repeats = 0;
    this.#acknowledgeAt = NEVER;
  }

  #save(): LogAction<Entry> {
    return { kind: 'save', position: { epoch: this.#epoch ?? '', position: this.#positions.handled } };
  }

  get #acknowledgeAfter(): number {
    return Math.min(ACKNOWLEDGE_AFTER, Math.ceil(this.#window / 2));
  }
}
