import type { BinaryString } from '@imcore/protocol';

/**
 * A message as a store keeps it: its key (receiver, sender, fingerprint, and `contentDigest` of the body), and its frame body
 * as it will be written.
 */
export interface StoredMessage {
  /** Receiver's user id. */
  readonly to: string;
  /** Sender's user id; `"0"` for the server. */
  readonly from: string;
  readonly fingerprint: string;
  /** The frame body, UTF-8 bytes: exactly what a session is sent. */
  readonly body: BinaryString;
  /** When the server accepted it, milliseconds since 1970. */
  readonly acceptedAt: number;
  /**
   * The limits of the receiver's queue and of the store do not apply: `append` stores it and displaces nothing. For records
   * that a route keeps for itself. Part of the call only: a store does not have to keep it.
   */
  readonly ignoresLimits?: true;
}

/** A stored message's id in its store. Grows with each message to the same receiver. */
export type StoreId = number;

/** A message that waits for its receiver. */
export interface WaitingMessage extends StoredMessage {
  readonly id: StoreId;
}

/**
 * Why a message became a dead letter: it waited longer than `maxAgeMs`, newer messages displaced it, or it was altered where
 * it was stored, so that its content cannot be trusted.
 */
export type DeadLetterCause = 'expired' | 'displaced' | 'damaged';

/** A message that was acknowledged to its sender and will not be delivered, unless it is resent. */
export interface DeadLetter extends WaitingMessage {
  readonly cause: DeadLetterCause;
  /** Milliseconds since 1970. */
  readonly deadLetteredAt: number;
}

/** The limit of a queue, or with `maxTotalBytes` of the whole store, that a message exceeded; see `Retention`. */
export type QueueLimit = 'maxPerUser' | 'maxBytesPerUser' | 'maxTotalBytes';

/**
 * The outcome of one message of an `append`.
 *
 * - `stored`: `displaced` are the receiver's oldest messages, which became dead letters for it.
 * - `duplicate`: the store already has the message, under `id`; undefined if it was confirmed or is a dead letter.
 * - `full`: the message is not stored.
 *
 * If the store fails, the whole `append` rejects.
 */
export type AppendResult =
  | { readonly outcome: 'stored'; readonly id: StoreId; readonly displaced?: readonly DeadLetter[] }
  | { readonly outcome: 'duplicate'; readonly id: StoreId | undefined }
  | { readonly outcome: 'full'; readonly limit: QueueLimit };

/** The messages that a receiver has acknowledged. */
export interface Confirmation {
  readonly userId: string;
  readonly ids: readonly StoreId[];
}

/** The size of one user's queue: messages, and bytes of their bodies. */
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

/** Asks for messages between `a` and `b`, in both directions. */
export interface HistoryQuery {
  readonly a: string;
  readonly b: string;
  /** Only messages older than this one. Default: starts with the newest. */
  readonly before?: StoreId | undefined;
  /** Maximum number of messages. */
  readonly limit: number;
}

/** A user, and how far the user's queue was read. */
export interface QueuePlace {
  readonly userId: string;
  /** Id of the last message that was read; undefined if none was. */
  readonly after: StoreId | undefined;
}

/**
 * What a store offers if the servers of a cluster can share its database, each with a store object of its own. A message is
 * visible to the other objects as soon as its `append` has resolved, and ids grow for each receiver whoever appends. Methods
 * reject with a `StoreError`.
 */
export interface SharedStore {
  /**
   * Returns the identity of the database: text of 1 to 64 characters, created with its tables and never changed. Servers with
   * different identities do not share their messages and must not join each other.
   */
  identity(): Promise<string>;
  /**
   * Returns the users for whom a message waits behind the place given: those for whom `take` would return something. Confirmed
   * messages and dead letters do not count. The cost does not depend on the number of messages in the store. A user may have
   * several places, and is returned if a message waits behind one of them. Any number of places is accepted; a store looks
   * up a limited number at a time.
   */
  whichWait(places: readonly QueuePlace[]): Promise<ReadonlySet<string>>;
}

/**
 * Keeps messages until their receiver has acknowledged them.
 *
 * Two messages are the same if sender, receiver, fingerprint and the `contentDigest` of the bodies are equal. Every call is idempotent. Messages of one
 * receiver are returned in the order in which they were appended. The store's `Retention` limits how much it keeps and for
 * how long. Methods reject with a `StoreError`; the caller may then repeat the call.
 */
export interface MessageStore {
  /** Whether a message that `append` has resolved for survives the end of the process. */
  readonly durable: boolean;
  /** Whether confirmed messages are kept for {@link MessageStore.history}. */
  readonly keepsHistory: boolean;
  /** What a cluster needs. Optional: undefined if only one server can use the database at a time. */
  readonly shared?: SharedStore | undefined;
  /** Stores messages. Resolves with one result each, in order, when they are as durable as this store makes them. */
  append(messages: readonly StoredMessage[]): Promise<readonly AppendResult[]>;
  /**
   * True if the store knows, without a lookup, that nothing waits for a user; false otherwise. Messages of an `append`
   * that has not resolved do not have to count. Never throws.
   *
   * Optional. It saves a `take` for each login of a user who has missed nothing. A store that other servers write to must
   * leave it out, unless it knows of a message that they append as soon as their `append` has resolved.
   */
  isEmptyFor?(userId: string): boolean;
  /**
   * Returns the oldest waiting messages of a user after `after` (exclusive; undefined: from the start). Fewer than `limit` only if
   * there are no more.
   */
  take(userId: string, after: StoreId | undefined, limit: number): Promise<readonly WaitingMessage[]>;
  /**
   * Removes messages that their receivers have acknowledged, from the queues or the dead letters. Ids that are unknown, of
   * another user or already confirmed are ignored.
   */
  confirm(confirmations: readonly Confirmation[]): Promise<void>;
  /** Returns the size of a user's queue. */
  count(userId: string): Promise<QueueSize>;
  /**
   * Turns up to `limit` messages that have waited longer than `maxAgeMs` into dead letters, each receiver's oldest first, and
   * returns them. If it returns `limit`, there may be more. Also forgets confirmed messages after `rememberMs` and
   * `historyMs`; a store that forgets at other calls too does not go beyond the `now` of the last `expire`. If the clock is set
   * back, later messages may expire later by as much.
   *
   * @param now milliseconds since 1970. Not a clock's latest reading: the server ignores jumps.
   */
  expire(now: number, limit: number): Promise<readonly DeadLetter[]>;
  /** Returns the oldest dead letters after `after` (exclusive), of all users or of one. */
  deadLetters(after: StoreId | undefined, limit: number, userId?: string): Promise<readonly DeadLetter[]>;
  /**
   * Appends dead letters to the queues of their receivers again, with a new id and the same key, for another `maxAgeMs` from
   * `now` on. A dead letter stays one if the queue is full. Resolves with the number of messages that were appended.
   */
  resend(ids: readonly StoreId[], now: number): Promise<number>;
  /** Deletes dead letters; their keys are remembered for `rememberMs`. Resolves with their number. */
  discard(ids: readonly StoreId[]): Promise<number>;
  /**
   * Sets the listener for dead letters that this object has deleted because there were more than `maxDeadLetters`. Called
   * once for each, after it is deleted. There is one listener; a later one replaces it.
   */
  onDeadLettersDeleted(listener: (deadLetters: readonly DeadLetter[]) => void): void;
  /** Returns waiting and confirmed messages between two users, newest first; none if the store keeps no history. */
  history(query: HistoryQuery): Promise<readonly WaitingMessage[]>;
  /** Returns the state of the store. Its cost does not grow with the number of messages. Never rejects. */
  health(): Promise<StoreHealth>;
  /** Releases all resources. No call is made afterwards. */
  close(): Promise<void>;
}
