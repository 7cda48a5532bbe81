import {
  ExtensionType,
  encodeEntryExtension,
  encodeExtensionPacket,
  encodeUtf8,
  type Instant,
  NEVER,
  SERVER_ID,
  withExtension,
} from '@imcore/protocol';
import { bytesOf, bytesOfEntries } from '../delivery/bytes-under-way.js';
import { reportTooLarge } from '../delivery/reports.js';
import { asError } from '../errors.js';
import { messageOf } from '../message.js';
import type { Entry, MessageStore, Position } from '../ports/message-store.js';
import type { Runtime } from '../runtime.js';
import type { StoreWriter } from '../storage/store-writer.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';
import type { LogFeed, StoredAs } from '../users/log-feed.js';
import type { Outlet } from '../users/outlet.js';
import type { Device } from '../users/user.js';
import { Feed, type FeedAction, type FeedEntry } from './feed.js';
import type { OpenedLog } from './feed-openings.js';

/** Wait for an acknowledgement before entries are written again, in milliseconds: over a stream, and over UDP. */
const STREAM_RETRY_MS = 5000;
const DATAGRAM_RETRY_MS = 1000;

/**
 * How often a device may ask for entries again without having got any further, in milliseconds, and how many times at once. Each
 * time the log is read and a window is written.
 */
const SYNC_EVERY_MS = 250;
const MAX_SYNCS_AT_ONCE = 16;

/** Wait before the store is asked again for the end of a log if it has failed, in milliseconds. */
const LOOK_RETRY_MS = 1000;

/** Maximum number of new entries that wait in memory for room in the window. More are read from the store. */
const MAX_TAIL = 64;

/** Length of the member `x` of an entry with the largest numbers. */
const EXTENSION_BYTES = 80;

/** What all feeds of one server share. */
export interface FeedContext {
  readonly runtime: Runtime;
  readonly store: Pick<MessageStore, 'read'>;
  readonly writer: StoreWriter;
  /** When a feed looks at its deadlines: over a stream, and over UDP. */
  readonly streamChecks: DeadlineRing;
  readonly datagramChecks: DeadlineRing;
}

/** An entry, and how long its frame is. */
interface SizedEntry extends FeedEntry {
  readonly entry: Entry;
}

/**
 * Carries out what a {@link Feed} decides, for one session: writes entries, reads the log, and stores the position of the device.
 *
 * New entries are kept until they are written, so that the log is read only by sessions that are behind.
 */
export class FeedHost implements LogFeed, RingEntry {
  readonly #context: FeedContext;
  readonly #device: Device;
  readonly #feed: Feed<SizedEntry>;
  readonly #session: Outlet;
  readonly #removed: Position;
  readonly #isProven: boolean;
  readonly maxFrameBytes: number;
  /** Over UDP nothing is written before the device has said that it got the login response. */
  #state: 'new' | 'waiting' | 'open' | 'ended' = 'new';
  /** What was read at the login; undefined once the feed has taken it, or if there was nothing. */
  #firstPage: OpenedLog | undefined;
  /** Memory for what was read and is not written, in bytes. */
  #pageBytes = 0;
  /** The newest position that was told before the feed was open. */
  #lastBefore: Position = 0;
  /** Whether the store is being asked for the end of the log. */
  #isLooking = false;
  /** When the store must be asked for the end of the log: the log may have grown since it was asked. */
  #lookAt: Instant = NEVER;
  /** New entries that are not written, without a gap. */
  #tail: SizedEntry[] = [];
  /** What is written and not acknowledged. */
  #unacknowledged = new Map<Position, Entry>();
  #bytes = 0;
  /** The last entry that was too long for the session. */
  #tooLarge: Position = 0;
  /** When a device that asks for entries as often as it may would have asked as many times. */
  #syncsUntil: Instant = 0;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(context: FeedContext, device: Device, session: Outlet, opened: OpenedLog, isProven: boolean) {
    const { start, page, maxFrameBytes } = opened;
    this.#context = context;
    this.#isProven = isProven;
    this.#device = device;
    this.#session = session;
    this.#removed = start.first - 1;
    this.maxFrameBytes = maxFrameBytes;
    this.#firstPage = page === undefined || page.entries.length === 0 ? undefined : opened;
    this.#feed = new Feed(start.position, start.last, {
      window: start.window,
      maxFrameBytes,
      retryWaitMs: session.isReliable ? STREAM_RETRY_MS : DATAGRAM_RETRY_MS,
    });
    this.#countPages();
  }

  get last(): Position {
    return Math.max(this.#feed.last, this.#lastBefore);
  }

  start(): void {
    if (this.#state !== 'new') return;
    this.#state = this.#session.isReliable || this.#isProven ? 'open' : 'waiting';
    if (this.#state === 'open') this.#carryOut(this.#feed.appended(0, this.#now()));
    // An entry that was appended since the log was opened was pushed to nobody.
    this.wake();
  }

  proven(): void {
    if (this.#state === 'waiting') this.#opened(() => []);
  }

  push(entry: Entry, isOwn: boolean): void {
    if (this.#state === 'ended' || entry.position <= this.last) return;
    if (isOwn) this.#feed.passOver(entry.position);
    this.#addToTail(entry);
    this.#appended(entry.position);
  }

  wake(): void {
    if (this.#state === 'ended') return;
    this.#lookAt = this.#now();
    if (!this.#isLooking) void this.#look();
  }

  /** The device has everything up to a position. */
  acknowledged(position: Position): void {
    this.#opened(() => this.#feed.acknowledged(position, this.#now()));
  }

  /** The device asks for everything behind a position. */
  synced(after: Position): void {
    this.#context.runtime.metrics.feedSyncs += 1;
    const isTooMuch = after <= this.#feed.position && !this.#maySync();
    this.#opened(() =>
      isTooMuch ? this.#feed.acknowledged(after, this.#now()) : this.#feed.synced(after, this.#now()),
    );
  }

  stored(fingerprint: string, { echo, id, acceptedAt }: StoredAs): void {
    const type = ExtensionType.Stored;
    this.#answer({ type, fingerprint, position: echo, messageId: id, serverTime: acceptedAt });
  }

  rejected(fingerprint: string, code: string): void {
    this.#answer({ type: ExtensionType.Rejected, fingerprint, code });
  }

  /** Looks whether a deadline has passed. */
  check(): void {
    if (this.#lookAt <= this.#now() && !this.#isLooking) void this.#look();
    if (this.#state === 'open') this.#carryOut(this.#feed.poll(this.#now()));
    this.#startCheck();
  }

  end(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.ring?.stop(this);
    this.#unacknowledged.clear();
    this.#tail = [];
    this.#firstPage = undefined;
    this.#count(-this.#bytes);
  }

  #now(): Instant {
    return this.#context.runtime.clock.now();
  }

  #maySync(): boolean {
    const now = this.#now();
    const syncsUntil = Math.max(this.#syncsUntil, now) + SYNC_EVERY_MS;
    if (syncsUntil > now + MAX_SYNCS_AT_ONCE * SYNC_EVERY_MS) return false;
    this.#syncsUntil = syncsUntil;
    return true;
  }

  #appended(last: Position): void {
    if (this.#state === 'open') this.#carryOut(this.#feed.appended(last, this.#now()));
    else this.#lastBefore = Math.max(this.#lastBefore, last);
  }

  /** Asks the store for the end of the log; once more if {@link wake} is called meanwhile, and later if the store fails. */
  async #look(): Promise<void> {
    const { store } = this.#context;
    this.#isLooking = true;
    while (this.#lookAt <= this.#now() && this.#state !== 'ended') {
      this.#lookAt = NEVER;
      try {
        const { last } = await store.read(this.#device.user.id, this.last, 1);
        if (last > this.last) this.#appended(last);
      } catch (error) {
        this.#reportFailure(error);
        this.#lookAt = this.#now() + LOOK_RETRY_MS;
      }
    }
    this.#isLooking = false;
    this.#startCheck();
  }

  /** The first packet of the device about its log shows that it has got the login response. */
  #opened(next: () => FeedAction<SizedEntry>[]): void {
    if (this.#state === 'ended') return;
    const isFirst = this.#state === 'waiting';
    this.#state = 'open';
    this.#carryOut(next());
    if (isFirst) this.#carryOut(this.#feed.appended(this.#lastBefore, this.#now()));
  }

  #addToTail(entry: Entry): void {
    const before = this.#tail.at(-1)?.position ?? this.last;
    if (entry.position !== before + 1 || this.#tail.length >= MAX_TAIL) {
      // Something is missing before it, or it is too much: the feed reads the log when it comes to it.
      this.#clearTail();
      if (entry.position !== before + 1) return;
    }
    this.#tail.push(sized(entry));
    this.#count(bytesOf(entry.body));
  }

  #clearTail(): void {
    for (const { entry } of this.#tail) this.#count(-bytesOf(entry.body));
    this.#tail = [];
  }

  #carryOut(actions: FeedAction<SizedEntry>[]): void {
    let next = actions;
    while (next.length > 0 && this.#state === 'open') next = next.flatMap((action) => this.#do(action));
    // What was read from the store, or is the device's own, is not needed any more.
    this.#forgetTail(this.#feed.sent);
    this.#countPages();
    this.#startCheck();
  }

  #startCheck(): void {
    const { streamChecks, datagramChecks } = this.#context;
    if (this.#state === 'ended' || this.ring !== undefined) return;
    if (this.#lookAt === NEVER && (this.#state !== 'open' || this.#feed.nextDeadline === NEVER)) return;
    (this.#session.isReliable ? streamChecks : datagramChecks).start(this, this.#now());
  }

  #do(action: FeedAction<SizedEntry>): FeedAction<SizedEntry>[] {
    // A listener, or too much output, may have ended the session at the action before.
    if (this.#state !== 'open') return [];
    switch (action.kind) {
      case 'write':
        this.#write(action.entry.entry);
        return [];
      case 'skip': {
        const { from, to, reason, entry } = action;
        if (entry !== undefined) this.#reportTooLarge(entry.entry);
        this.#answer({ type: ExtensionType.Skip, from, to, reason });
        return [];
      }
      case 'read':
        return this.#read(action.after, action.limit);
      case 'acknowledged':
        this.#deviceHas(action.position);
        return [];
      default:
        return action satisfies never;
    }
  }

  #write(entry: Entry): void {
    const { position, id: messageId, acceptedAt: serverTime } = entry;
    // After the feed has gone back, it is written again.
    if (!this.#unacknowledged.has(position)) this.#count(bytesOf(entry.body));
    this.#unacknowledged.set(position, entry);
    this.#context.runtime.metrics.entriesWritten += 1;
    this.#session.write(withExtension(entry.body, encodeEntryExtension({ position, messageId, serverTime })));
  }

  #deviceHas(position: Position): void {
    const { writer, runtime } = this.#context;
    const { user, id } = this.#device;
    writer.advance(user.id, id, position);
    user.deviceHas(position);
    const acknowledged = [...this.#unacknowledged.values()].filter((entry) => entry.position <= position);
    // A listener may end the session: nothing is left to do for it then.
    for (const entry of acknowledged) {
      this.#unacknowledged.delete(entry.position);
      this.#count(-bytesOf(entry.body));
    }
    for (const entry of acknowledged) {
      if (entry.kind !== 'message') continue;
      runtime.metrics.messagesDelivered += 1;
      const { from, fingerprint } = entry;
      runtime.events.emit('received', { userId: user.id, from, fingerprint, deviceId: id });
      if (from !== SERVER_ID && runtime.events.has('delivered'))
        runtime.events.emit('delivered', messageOf(entry));
    }
  }

  /** Reads from memory if it can. */
  #read(after: Position, limit: number): FeedAction<SizedEntry>[] {
    const first = this.#takeFirstPage(after, limit);
    if (first !== undefined) return this.#feed.pageRead(after, first.limit, first.page, this.#now());
    const tail = this.#takeTail(after, limit);
    if (tail !== undefined) return this.#feed.pageRead(after, limit, tail, this.#now());
    void this.#readStore(after, limit);
    return [];
  }

  #takeFirstPage(after: Position, maxEntries: number) {
    const { page, pageLimit } = this.#firstPage ?? {};
    this.#firstPage = undefined;
    if (page === undefined || pageLimit === undefined || (page.entries[0]?.position ?? 0) <= after)
      return undefined;
    const limit = Math.min(maxEntries, pageLimit);
    const entries = page.entries.slice(0, limit).map(sized);
    const last = Math.max(page.last, entries.at(-1)?.position ?? 0);
    return { limit, page: { entries, removed: page.removed, last } };
  }

  #takeTail(after: Position, limit: number) {
    this.#forgetTail(after);
    if (this.#tail[0]?.position !== after + 1) return undefined;
    const entries = this.#tail.slice(0, limit);
    const last = this.#tail.at(-1)?.position ?? after;
    this.#dropFromTail(entries.length);
    return { entries, removed: this.#removed, last };
  }

  #forgetTail(upTo: Position): void {
    while ((this.#tail[0]?.position ?? Number.POSITIVE_INFINITY) <= upTo) this.#dropFromTail(1);
  }

  #dropFromTail(count: number): void {
    for (const { entry } of this.#tail.splice(0, count)) this.#count(-bytesOf(entry.body));
  }

  async #readStore(after: Position, limit: number): Promise<void> {
    const { runtime, store } = this.#context;
    runtime.metrics.feedReads += 1;
    try {
      const size = Math.min(limit, runtime.underWay.maxPage);
      const { entries, removed, last } = await store.read(this.#device.user.id, after, size);
      if (this.#state !== 'open') return;
      this.#carryOut(
        this.#feed.pageRead(after, size, { entries: entries.map(sized), removed, last }, this.#now()),
      );
    } catch (error) {
      this.#reportFailure(error);
      if (this.#state !== 'open') return;
      this.#feed.readFailed(this.#now());
      this.#carryOut([]);
    }
  }

  #reportFailure(error: unknown): void {
    const { metrics, events } = this.#context.runtime;
    metrics.storeFailures += 1;
    events.emit('error', asError(error));
  }

  #answer(packet: Parameters<typeof encodeExtensionPacket>[0]): void {
    const frame = encodeExtensionPacket(packet, { from: SERVER_ID, to: this.#device.user.id });
    this.#session.answer(encodeUtf8(frame));
  }

  /** The feed may come to it again, after it has gone back. */
  #reportTooLarge(entry: Entry): void {
    if (entry.position <= this.#tooLarge) return;
    this.#tooLarge = entry.position;
    const { body } = entry;
    const { info } = this.#session;
    const message = messageOf(entry);
    reportTooLarge(this.#context.runtime, { message, body }, { info, maxSendBytes: this.maxFrameBytes });
  }

  #countPages(): void {
    if (this.#state === 'ended') return;
    const first = bytesOfEntries(this.#firstPage?.page?.entries ?? []);
    const bytes = first + bytesOfEntries(this.#feed.unwritten.map(({ entry }) => entry));
    this.#count(bytes - this.#pageBytes);
    this.#pageBytes = bytes;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#context.runtime.underWay.addOfReceiver(bytes);
  }
}

function sized(entry: Entry): SizedEntry {
  return { position: entry.position, bytes: entry.body.length + EXTENSION_BYTES, entry };
}
