import type { BinaryString } from '@imcore/protocol';

/** A message to be stored: its key (receiver, sender, fingerprint, and `contentDigest` of the body), and its frame body. */
export interface StoredMessage {
  /** Receiver's user id. */
  readonly to: string;
  /** Sender's user id; `"0"` for the server. */
  readonly from: string;
  readonly fingerprint: string;
  /** The frame body, UTF-8 bytes: exactly what a session of a v6 client is sent. */
  readonly body: BinaryString;
  /** When the server accepted it, milliseconds since 1970. */
  readonly acceptedAt: number;
  /**
   * The limits of the receiver's log and of the store do not apply: `append` stores it and displaces nothing. For records
   * that a route keeps for itself. Part of the call only: a store does not have to keep it.
   */
  readonly ignoresLimits?: true;
  /**
   * The sender's log gets an entry as well, for the sender's other devices. Ignored if the sender is the receiver, or is no
   * user. Part of the call only.
   */
  readonly echo?: true;
}

/**
 * The number of a message in its store. Grows in the order in which messages are appended, so in each conversation. Never
 * used again.
 */
export type MessageId = number;

/**
 * The place of an entry in a user's log. The entries of a log are appended at 1, 2, 3 … without gaps; a gap that is read
 * later is an entry that was removed. Never used again. 0: before the first.
 */
export type Position = number;

/** A message at its place in the log of a user. */
export interface Entry extends StoredMessage {
  readonly id: MessageId;
  readonly position: Position;
  /** `message`: the user of the log is the receiver. `echo`: the user is the sender. */
  readonly kind: 'message' | 'echo';
}

/** A part of a log. */
export interface LogPage {
  /** In the order of their positions. */
  readonly entries: readonly Entry[];
  /**
   * The position before the first entry that the log still has: all entries up to it are removed. Equal to `last` if the log
   * has none.
   */
  readonly removed: Position;
  /** The position of the last entry that was ever appended, 0 for an empty log; at least that of the last of `entries`. */
  readonly last: Position;
  /** Whether the user has a named device. */
  readonly hasNamedDevice: boolean;
}

/**
 * Why a message became a dead letter: it waited longer than `maxAgeMs`, newer messages displaced it, or it was altered where
 * it was stored, so that its content cannot be trusted.
 */
export type DeadLetterCause = 'expired' | 'displaced' | 'damaged';

/** The number of a dead letter in its store. Grows in the order in which messages became dead letters. Never used again. */
export type DeadLetterId = number;

/** A message that was acknowledged to its sender and will not be delivered to `to`, unless it is resent. */
export interface DeadLetter extends StoredMessage {
  readonly id: DeadLetterId;
  readonly messageId: MessageId;
  readonly cause: DeadLetterCause;
  /** Milliseconds since 1970. */
  readonly deadLetteredAt: number;
}

/** The limit of a queue, or with `maxTotalBytes` of the whole store, that a message exceeded; see `Retention`. */
export type QueueLimit = 'maxPerUser' | 'maxBytesPerUser' | 'maxTotalBytes';

/**
 * The outcome of one message of an `append`.
 *
 * - `stored`: at `position` in the receiver's log and, if it was asked for, at `echo` in the sender's. `displaced` are the
 *   receiver's oldest waiting messages, which became dead letters for it.
 * - `duplicate`: the store already has the message. `position` is undefined if the v6 device has taken it, or the entry was
 *   removed; `echo` if there is no such entry, or it was removed.
 * - `full`: the message is not stored.
 *
 * If the store fails, the whole `append` rejects.
 */
export type AppendResult =
  | {
      readonly outcome: 'stored';
      readonly id: MessageId;
      readonly position: Position;
      readonly echo?: Position;
      readonly displaced?: readonly DeadLetter[];
    }
  | {
      readonly outcome: 'duplicate';
      readonly id: MessageId;
      readonly position: Position | undefined;
      readonly echo?: Position;
    }
  | { readonly outcome: 'full'; readonly limit: QueueLimit };

/** The messages that the v6 device of a user has taken, one by one. */
export interface Confirmation {
  readonly userId: string;
  readonly positions: readonly Position[];
}

/** How far a named device of a user has taken its log: everything up to `position`. */
export interface Advance {
  readonly userId: string;
  /** 1 character or more. */
  readonly deviceId: string;
  readonly position: Position;
}

/** A device of a user. The v6 device, to which all sessions of v6 clients belong, has the id `""`. */
export interface StoredDevice {
  readonly id: string;
  /** For example `web`, `ios` or `bot`; empty for the v6 device. */
  readonly kind: string;
  /** For people; may be empty. */
  readonly name: string;
  /** The device has taken everything up to it. The v6 device may have taken later messages as well. */
  readonly position: Position;
  /** When it was last seen, milliseconds since 1970. */
  readonly seenAt: number;
}

/** What waits for one user: messages, and bytes of their bodies. */
export interface QueueSize {
  readonly messages: number;
  readonly bytes: number;
}

/** The state of a store, for health checks and operators. */
export interface StoreHealth {
  /** Whether it can store now. */
  readonly ok: boolean;
  /** What an operator must know. Contains no secrets. */
  readonly problem?: string;
  /** Number of waiting messages of all users. */
  readonly waiting: number;
  /** Bytes of their bodies. */
  readonly waitingBytes: number;
  readonly deadLetters: number;
}

/** A message of a conversation. */
export interface KeptRecord extends StoredMessage {
  readonly id: MessageId;
}

/** A conversation of a user. */
export interface Conversation {
  /** The other user; the user itself for messages to oneself. */
  readonly with: string;
  /** Its newest message that is kept. */
  readonly last: KeptRecord;
  /** How many messages of the other user wait: no device of this user has taken them. Counted up to 100. */
  readonly waiting: number;
}

/** Asks for the conversations of a user. */
export interface ConversationQuery {
  readonly userId: string;
  /** Only conversations whose newest message is older than this one. Default: starts with the newest. */
  readonly before?: MessageId | undefined;
  /** Maximum number of conversations. */
  readonly limit: number;
}

/** What one call of `expire` has done. */
export interface Sweep {
  /** Messages that waited too long. */
  readonly deadLetters: readonly DeadLetter[];
  /** Entries removed because a log had more than `maxLogEntries`, although a device had not taken them. */
  readonly trimmed: readonly { readonly userId: string; readonly entries: number }[];
  /** Devices removed because they were not seen for `deviceExpiryMs`. */
  readonly removedDevices: readonly { readonly userId: string; readonly device: StoredDevice }[];
}

/** Asks for messages between `a` and `b`, in both directions. */
export interface HistoryQuery {
  readonly a: string;
  readonly b: string;
  /** Only messages older than this one. Default: starts with the newest. */
  readonly before?: MessageId | undefined;
  /** Maximum number of messages. */
  readonly limit: number;
}

/** A user, and how far the log was read. */
export interface LogPlace {
  readonly userId: string;
  /** Position of the last entry that was read; 0 if none was. */
  readonly after: Position;
  /** For which device: the v6 device, which takes only messages, or a named one. Default `v6`. */
  readonly device?: 'v6' | 'named';
}

/**
 * What a store offers if the servers of a cluster can share its database, each with a store object of its own. An entry is
 * visible to the other objects as soon as its `append` has resolved, and positions are given once, whoever appends. Methods
 * reject with a `StoreError`.
 */
export interface SharedStore {
  /**
   * Returns the identity of the database: text of 1 to 64 characters, created with its tables and never changed. Servers with
   * different identities do not share their messages and must not join each other.
   */
  identity(): Promise<string>;
  /**
   * Returns the users whose logs have something behind the place given: those for whom `take` would return an entry or, for a
   * named device, those whose logs end later. The cost does not depend on the number of messages in the store. A user may have
   * several places, and is returned if there is something behind one of them. Any number of places is accepted; a store looks
   * up a limited number at a time.
   */
  whichWait(places: readonly LogPlace[]): Promise<ReadonlySet<string>>;
}

/**
 * Keeps a log for each user: the messages to the user and, for the user's other devices, echoes of those that the user has
 * sent. A body is stored once, however many logs refer to it.
 *
 * **Devices.** All sessions of v6 clients of a user are one device, which takes messages one by one (`confirm`). It exists
 * from its first confirmation of a position that the log has had, or from {@link MessageStore.putDevice} on. A user without
 * any device is treated as if it existed. Named devices take everything up to a position (`advance`).
 *
 * **Waiting.** A message waits for its receiver while no device has taken it. Waiting messages count for the limits of
 * `Retention`, and become dead letters when they are too old or displaced: their entries are then removed from the log.
 * Echoes never wait.
 *
 * **Removal.** An entry that every device of the user has taken is removed, at once or by a later call such as `expire`. The v6
 * device never takes echoes and does not hold them back. A message is kept until its entries are removed, and with
 * `historyMs` for that long afterwards. Its key is remembered for `rememberMs` after its entry was taken by all devices.
 *
 * Two messages are the same if sender, receiver, fingerprint and the `contentDigest` of the bodies are equal. Every call is
 * idempotent. Methods reject with a `StoreError`; the caller may then repeat the call.
 */
export interface MessageStore {
  /** Whether a message that `append` has resolved for survives the end of the process. */
  readonly durable: boolean;
  /** Whether messages that all devices have taken are kept for {@link MessageStore.history}. */
  readonly keepsHistory: boolean;
  /** What a cluster needs. Optional: undefined if only one server can use the database at a time. */
  readonly shared?: SharedStore | undefined;
  /**
   * Returns the epoch of the positions: text of 1 to 64 characters that changes whenever positions may have been given again,
   * because the store was set back to an earlier state: a restored backup, or a memory store that was created anew.
   */
  epoch(): Promise<string>;
  /** Stores messages. Resolves with one result each, in order, when they are as durable as this store makes them. */
  append(messages: readonly StoredMessage[]): Promise<readonly AppendResult[]>;
  /**
   * True if the store knows, without a lookup, that `take` would return nothing for a user, and that the user has no named
   * device; false otherwise. Messages of an `append` that has not resolved do not have to count. Never throws.
   *
   * Optional. It saves a `take` for each login of a user who has missed nothing. A store that other servers write to must
   * leave it out, unless it knows of a message that they append as soon as their `append` has resolved.
   */
  isEmptyFor?(userId: string): boolean;
  /**
   * Returns the oldest messages after `after` (exclusive) that the v6 device has not taken: no echoes. Fewer than `limit` only
   * if there are no more.
   */
  take(userId: string, after: Position, limit: number): Promise<LogPage>;
  /** Returns the oldest entries after `after` (exclusive), for a named device. Fewer than `limit` only if there are no more. */
  read(userId: string, after: Position, limit: number): Promise<LogPage>;
  /**
   * The v6 devices of users have taken messages. Also deletes the dead letter that a message has become meanwhile. Positions
   * that are unknown or already taken are ignored.
   */
  confirm(confirmations: readonly Confirmation[]): Promise<void>;
  /**
   * Named devices have taken their logs up to a position. A position that is smaller than the device's, or beyond the end of
   * the log, changes nothing; neither does an unknown device.
   */
  advance(advances: readonly Advance[]): Promise<void>;
  /**
   * Adds a device, or updates its kind, name and `seenAt`; then `device.position` is ignored. Resolves with the device as it
   * is stored: a position beyond the end of the log is reduced to the end.
   */
  putDevice(userId: string, device: StoredDevice): Promise<StoredDevice>;
  /**
   * Removes a device: it holds no entries back any more. A message that only this device had taken does not wait again.
   * Resolves with whether it was there.
   */
  removeDevice(userId: string, deviceId: string): Promise<boolean>;
  /** Returns the devices of a user, in the order of their ids. */
  devices(userId: string): Promise<readonly StoredDevice[]>;
  /** Returns what waits for a user. */
  count(userId: string): Promise<QueueSize>;
  /**
   * Turns up to `limit` messages that have waited longer than `maxAgeMs` into dead letters, each receiver's oldest first. If it
   * returns `limit`, there may be more. Also removes entries that all devices have taken, entries beyond `maxLogEntries` that
   * some device has taken, and devices after `deviceExpiryMs`, a limited number for each call; and forgets messages after
   * `rememberMs` and `historyMs`. A store that does some of this at other calls too does not go beyond the `now` of the last
   * `expire`. If the clock is set back, later messages may expire later by as much.
   *
   * @param now milliseconds since 1970. Not a clock's latest reading: the server ignores jumps.
   */
  expire(now: number, limit: number): Promise<Sweep>;
  /** Returns the oldest dead letters after `after` (exclusive), of all users or of one. */
  deadLetters(after: DeadLetterId, limit: number, userId?: string): Promise<readonly DeadLetter[]>;
  /**
   * Appends dead letters to the logs of their receivers again: the same message at a new position, for another `maxAgeMs` from
   * `now` on. A dead letter stays one if there is no room. Resolves with the number of messages that were appended.
   */
  resend(ids: readonly DeadLetterId[], now: number): Promise<number>;
  /** Deletes dead letters; their keys are remembered for `rememberMs`. Resolves with their number. */
  discard(ids: readonly DeadLetterId[]): Promise<number>;
  /**
   * Sets the listener for dead letters that this object has deleted because there were more than `maxDeadLetters`. Called
   * once for each, after it is deleted. There is one listener; a later one replaces it.
   */
  onDeadLettersDeleted(listener: (deadLetters: readonly DeadLetter[]) => void): void;
  /** Returns the messages between two users, newest first, except dead letters; none if the store keeps no history. */
  history(query: HistoryQuery): Promise<readonly KeptRecord[]>;
  /** Returns the conversations of a user, the one with the newest message first; none if the store keeps no history. */
  conversations(query: ConversationQuery): Promise<readonly Conversation[]>;
  /** Returns the state of the store. Its cost does not grow with the number of messages. Never rejects. */
  health(): Promise<StoreHealth>;
  /** Releases all resources. No call is made afterwards. */
  close(): Promise<void>;
}
