import {
  type BinaryString,
  type Digest,
  type DuplicateKey,
  DuplicateWindow,
  type DuplicateWindowLimits,
  encodeFrameBody,
  type Instant,
  PacketType,
  UNSET_NUMBER,
} from '@imcore/protocol';
import { type BytesUnderWay, bytesOf } from '../delivery/bytes-under-way.js';
import type { Delivery, Origin } from '../delivery/delivery.js';
import type { UndeliveredReason } from '../events.js';
import type { SendOutcome, SessionInfo } from '../hooks.js';
import type { Entry, Position } from '../ports/message-store.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';
import { HookQueue } from './hook-queue.js';
import { Inbox } from './inbox.js';
import type { LogFeed } from './log-feed.js';
import type { Outlet } from './outlet.js';
import { UnnotifiedEntries } from './unnotified-entries.js';

/** The device that all sessions of v6 clients belong to. */
export const V6_DEVICE = '';

/** Codes for the client, of messages that will not be accepted however often they are sent. Other reasons may pass. */
const REJECTION_CODES: Partial<Record<UndeliveredReason, string>> = {
  'queue-full': 'ERR_QUEUE_FULL',
  'store-full': 'ERR_STORE_FULL',
  'too-large': 'ERR_TOO_LARGE',
};

/** What all users of one server share. */
export interface UserSettings {
  /** Computes the keys of all duplicate windows. */
  readonly digest: Digest;
  readonly duplicateLimits: DuplicateWindowLimits;
  readonly underWay: BytesUnderWay;
  /** Returns the value of `sm`; undefined if the server does not stamp its time. */
  readonly stamp: (() => number) | undefined;
  /** Called when fingerprints of a user were forgotten earlier than planned. */
  readonly onForgotten: (user: User) => void;
}

/** The messages in the store for an online user, which are being replayed to the session. */
export interface StoredQueue {
  /** When the last read began that found nothing more, a number of `Ticks`; 0 before the first. */
  readonly readAt: number;
  /** Everything in the log up to it was read; 0 before the first read. */
  readonly position: Position;
  /** Whether new messages must be sent after the stored ones. */
  readonly isBehind: boolean;
  /** Whether nothing can be written until the store answers. */
  readonly awaitsStore: boolean;
  /** Adds a message to the tail queue. Returns false if the replay does not await the store, or the tail queue is full. */
  addToTail(delivery: Delivery): boolean;
  /** Removes and returns the messages of the tail queue, in order. The replay is no longer near its end. */
  takeTail(): readonly Delivery[];
  /** The store has got more messages since it was last read. */
  wake(): void;
  /** The store may have got messages. New messages wait only if it has. */
  poll(): void;
  /** Another server has appended an entry: see `Replay.push`. */
  push(entry: Entry): 'taken' | 'old' | 'read';
  /** The session has been written the entry at this position already. */
  skip(position: Position): void;
  /** The session has room again. */
  resume(): void;
  /** Replays the stored messages from `position` on again: the session has not acknowledged them. */
  rewind(position: Position): void;
  /** The session has ended. */
  end(): void;
}

/**
 * What this server knows about one user, across sessions: its devices, its queue in the store, and which of its messages
 * have been received.
 *
 * Exists after the last session has ended, for as long as its fingerprints are remembered.
 */
export class User implements RingEntry {
  readonly id: string;
  readonly #settings: UserSettings;
  readonly #v6 = new Device(V6_DEVICE, this);
  /** Devices with an id, online or about to be. Undefined if there are none, as for most users. */
  named: Map<string, Device> | undefined = undefined;
  /** The v6 device, which must acknowledge each message; undefined while it has no session. All others have feeds. */
  primary: Device | undefined = undefined;
  /** Number of named devices that are online. */
  feedSessions = 0;
  /**
   * Whether its messages go through logs: it has a named device in the store, online or not. Undefined until the store has told;
   * then as if it had one.
   */
  usesLog: boolean | undefined = undefined;
  /** When the store was last told that its v6 device was seen, milliseconds since 1970; 0 if it was not. */
  v6SeenAt = 0;
  /** Whether the event `online` was emitted, and `offline` was not since. */
  isReportedOnline = false;
  /** The latest `firstLoginTime` of its sessions that have ended; undefined before the first end. */
  #latestEnded: number | undefined = undefined;
  /** Undefined if the store has nothing for the user. */
  queue: StoredQueue | undefined = undefined;
  #duplicates: DuplicateWindow | undefined = undefined;
  /** Undefined if there are none. */
  #unnotified: UnnotifiedEntries | undefined = undefined;
  /** Undefined until a hook was asked for the first time. */
  #hookQueue: HookQueue | undefined = undefined;
  #bytesUnderWay = 0;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(id: string, settings: UserSettings) {
    this.id = id;
    this.#settings = settings;
  }

  get stamp(): (() => number) | undefined {
    return this.#settings.stamp;
  }

  get isOnline(): boolean {
    return this.primary !== undefined || this.feedSessions > 0;
  }

  /** The session of the primary device. */
  get session(): Outlet | undefined {
    return this.primary?.session;
  }

  /** Returns the device with this id; undefined if it never had a session. */
  findDevice(id: string): Device | undefined {
    return id === V6_DEVICE ? this.#v6 : this.named?.get(id);
  }

  /** Returns the device with this id; creates it if there is none. */
  device(id: string): Device {
    if (id === V6_DEVICE) return this.#v6;
    this.named ??= new Map();
    let device = this.named.get(id);
    if (device === undefined) {
      device = new Device(id, this);
      this.named.set(id, device);
    }
    return device;
  }

  /** Forgets a named device that has no session. */
  removeDevice({ id }: Device): void {
    this.named?.delete(id);
    if (this.named?.size === 0) this.named = undefined;
  }

  /** Devices with a session, the v6 device first. */
  onlineDevices(): readonly Device[] {
    const named = this.named === undefined ? [] : [...this.named.values()];
    return [this.#v6, ...named].filter(({ session }) => session !== undefined);
  }

  /** The latest `firstLoginTime` of its logins so far; 0 before the first. */
  get latestLoginTime(): number {
    const times = this.onlineDevices().map(({ session }) => session?.info.firstLoginTime ?? 0);
    return Math.max(this.#latestEnded ?? 0, ...times);
  }

  /** A session of this user has ended, or a newer login takes its place. */
  sessionEnded({ firstLoginTime }: SessionInfo): void {
    this.#latestEnded = Math.max(this.#latestEnded ?? 0, firstLoginTime);
  }

  /** The duplicate window of the messages that this user sends. */
  duplicates(now: Instant): DuplicateWindow {
    const { duplicateLimits, digest } = this.#settings;
    this.#duplicates ??= new DuplicateWindow(now, duplicateLimits, digest);
    return this.#duplicates;
  }

  /** A message of this user was handled: a copy of it is only acknowledged. */
  handled(key: DuplicateKey, now: Instant): void {
    const forgotten = this.#duplicates?.finish(key, now) ?? 0;
    if (forgotten > 0) this.#settings.onForgotten(this);
  }

  /** A message of this user was not handled: its next copy is a new message. */
  notHandled(key: DuplicateKey): void {
    this.#duplicates?.release(key);
  }

  get underWay(): BytesUnderWay {
    return this.#settings.underWay;
  }

  /** Memory for messages of this user that are not acknowledged to it, in bytes. */
  get bytesUnderWay(): number {
    return this.#bytesUnderWay;
  }

  /** A message of this user was taken (positive), or has an outcome (negative). */
  addUnderWay(bytes: number): void {
    this.#bytesUnderWay += bytes;
    this.#settings.underWay.addOfSender(bytes);
  }

  /**
   * An entry was stored while the user was online, and its sessions get it from the log: `onStored` is not called yet. Returns
   * false if an earlier one was forgotten, because there are too many.
   */
  leaveToSessions(position: Position): boolean {
    this.#unnotified ??= new UnnotifiedEntries();
    return this.#unnotified.add(position);
  }

  /** A named device has everything up to a position. */
  deviceHas(position: Position): void {
    this.#unnotified?.removeUpTo(position);
    this.#forgetUnnotified();
  }

  /** The v6 device has acknowledged an entry. */
  v6DeviceHas(position: Position): void {
    this.#unnotified?.remove(position);
    this.#forgetUnnotified();
  }

  /** Removes and returns the entries that no session has acknowledged and `onStored` was not called for, in order. */
  takeUnnotified(): readonly Position[] {
    const positions = this.#unnotified?.positions ?? [];
    this.#unnotified = undefined;
    return positions;
  }

  #forgetUnnotified(): void {
    if (this.#unnotified?.isEmpty === true) this.#unnotified = undefined;
  }

  /** Number of fingerprints of this user that are remembered. */
  get remembered(): number {
    return this.#duplicates?.remembered ?? 0;
  }

  /** A hook is being asked about one of this user's messages: its later packets wait, see {@link HookQueue}. */
  awaits(answer: Promise<void>): void {
    this.#hookQueue ??= new HookQueue();
    this.#hookQueue.awaits(answer);
  }

  /** Whether a hook is being asked about one of this user's messages. */
  get isAsking(): boolean {
    return this.#hookQueue?.isAsking === true;
  }

  /** Calls `resume` when the hook that is being asked has answered, after all that waited before. */
  whenAnswered(resume: () => void): void {
    this.#hookQueue?.add(resume);
  }
}

/**
 * One device of a user: at most one session, and the messages that it has not acknowledged.
 *
 * As the origin of a message it gets the acknowledgement on its current session, even if an earlier session sent the message.
 */
export class Device implements Origin {
  readonly id: string;
  readonly user: User;
  session: Outlet | undefined = undefined;
  /** The `firstLoginTime` in the login of its last session, 0 or less for a first login; undefined before one. */
  sentLoginTime: number | undefined = undefined;
  /** The stamp of its session's claim; undefined without a session or a cluster. */
  claimStamp: number | undefined = undefined;
  /** When its last session logged in, a number of `Ticks`: a hook may allow a message after that session. Undefined without a cluster. */
  since: number | undefined = undefined;
  /** What its client has said that it is; empty for the device of v6 clients. */
  kind = '';
  /** The feed of its session; undefined unless the session has negotiated a log. */
  feed: LogFeed | undefined = undefined;
  #inbox: Inbox | undefined = undefined;

  constructor(id: string, user: User) {
    this.id = id;
    this.user = user;
  }

  get asksHook(): boolean {
    return true;
  }

  get usesLog(): boolean {
    return this.user.usesLog !== false;
  }

  get isLogUnknown(): boolean {
    return this.user.usesLog === undefined;
  }

  get underWay(): BytesUnderWay {
    return this.user.underWay;
  }

  /** The messages that it was sent and has not acknowledged; undefined if it was never sent any. */
  get inbox(): Inbox | undefined {
    return this.#inbox;
  }

  /** Returns the inbox; creates it if there is none. */
  openInbox(): Inbox {
    this.#inbox ??= new Inbox(this);
    return this.#inbox;
  }

  accepted(delivery: Delivery, _outcome: SendOutcome, now: Instant, acknowledgement?: BinaryString): void {
    this.user.addUnderWay(-bytesOf(delivery.body));
    if (delivery.fingerprint === undefined) return;
    if (delivery.duplicateKey !== undefined) this.user.handled(delivery.duplicateKey, now);
    const { feed } = this.#current;
    if (feed !== undefined && delivery.stored !== undefined)
      feed.stored(delivery.fingerprint, delivery.stored);
    else if (acknowledgement !== undefined && this.user.stamp === undefined) this.#answer(acknowledgement);
    else this.acknowledge(delivery.fingerprint, delivery.to, delivery.packet.bridge);
  }

  failed(delivery: Delivery, reason: UndeliveredReason): void {
    this.user.addUnderWay(-bytesOf(delivery.body));
    if (delivery.duplicateKey !== undefined) this.user.notHandled(delivery.duplicateKey);
    const code = REJECTION_CODES[reason];
    if (code !== undefined && delivery.fingerprint !== undefined) this.reject(delivery.fingerprint, code);
  }

  /** Tells a client that knows how to be told that its message was not accepted. All others get no answer. */
  reject(fingerprint: string, code: string): void {
    this.#current.feed?.rejected(fingerprint, code);
  }

  waitFor(receiver: Outlet): void {
    this.session?.waitFor(receiver);
  }

  /** Writes a type 4 packet on behalf of `by`. */
  acknowledge(fingerprint: string, by: string, bridge: boolean): void {
    this.#answer(
      encodeFrameBody({
        type: PacketType.Acknowledgement,
        dataContent: fingerprint,
        from: by,
        to: this.user.id,
        fp: undefined,
        QoS: false,
        typeu: UNSET_NUMBER,
        bridge,
        sm: this.user.stamp?.() ?? UNSET_NUMBER,
      }),
    );
  }

  /** A named device that went offline and came back has a new `Device` object. */
  get #current(): Device {
    return this.session === undefined ? (this.user.findDevice(this.id) ?? this) : this;
  }

  #answer(body: BinaryString): void {
    this.#current.session?.answer(body);
  }
}
