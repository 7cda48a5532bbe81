import type { BinaryString } from '@imcore/protocol';

/** A message as a store keeps it: who it is for, what makes it unique, and its frame body as it will be written. */
export interface StoredMessage {
  /** Receiver's user id. */
  readonly to: string;
  /** Sender's user id; `"0"` for the server. */
  readonly from: string;
  readonly fingerprint: string;
  /** The frame body, UTF-8 bytes: exactly what a session is sent. */
  readonly body: BinaryString;
  /** Milliseconds since 1970 when the server took it. */
  readonly acceptedAt: number;
  /**
   * The limits of the receiver's queue do not apply: `append` stores it, and displaces nothing for it. For records that
   * a route keeps for itself. Part of the call only: a store need not keep it.
   */
  readonly ignoresLimits?: true;
}

/** Names a stored message to the store that gave it; larger is later for the same receiver. */
export type StoreId = number;

/** A message that waits for its receiver, by the id that the store has given it. */
export interface WaitingMessage extends StoredMessage {
  readonly id: StoreId;
}

/** Why a message waits no longer though nobody has it: it waited too long, or newer ones needed its place. */
export type DeadLetterCause = 'expired' | 'displaced';

/** A message that was acknowledged to its sender and is not given to its receiver any more, unless it is resent. */
export interface DeadLetter extends WaitingMessage {
  readonly cause: DeadLetterCause;
  /** Milliseconds since 1970. */
  readonly deadLetteredAt: number;
}

/** The limit of a {@link Retention} that had no room for a message. */
export type QueueLimit = 'maxPerUser' | 'maxBytesPerUser';

/**
 * What became of one message of an `append`.
 *
 * A duplicate is as safe as a stored one, under the id it had first; `id` is undefined where the message waits no
 * longer: it was confirmed, or is a dead letter. `displaced` are the receiver's oldest, which had to make room.
 * `full` means: this store has not got it. A store that fails rejects the whole `append`.
 */
export type AppendResult =
  | { readonly outcome: 'stored'; readonly id: StoreId; readonly displaced?: readonly DeadLetter[] }
  | { readonly outcome: 'duplicate'; readonly id: StoreId | undefined }
  | { readonly outcome: 'full'; readonly limit: QueueLimit };

/** What a receiver has acknowledged. */
export interface Confirmation {
  readonly userId: string;
  readonly ids: readonly StoreId[];
}

/** What waits for one user: messages, and the bytes of their bodies. */
export interface QueueSize {
  readonly messages: number;
  readonly bytes: number;
}

/** How a store is, for probes and for operators. */
export interface StoreHealth {
  /** Whether it can store now. */
  readonly ok: boolean;
  /** What an operator must know. Holds no secrets. */
  readonly problem?: string;
  /** Messages that wait, of all users. */
  readonly waiting: number;
  /** Bytes of their bodies. */
  readonly waitingBytes: number;
  readonly deadLetters: number;
}

/** Asks for messages between `a` and `b`, in both directions. */
export interface HistoryQuery {
  readonly a: string;
  readonly b: string;
  /** Only messages older than this one. Default: from the newest on. */
  readonly before?: StoreId | undefined;
  /** Messages at most. */
  readonly limit: number;
}

/**
 * Keeps messages until their receiver has acknowledged them.
 *
 * A message is the same as another when sender, receiver and fingerprint are. Every call is idempotent. Messages of
 * one receiver come back in the order in which they were appended. How much may wait and for how long is the store's
 * {@link Retention}. Methods reject with a `StoreError`; a caller may then repeat the call.
 */
export interface MessageStore {
  /** Whether a message that `append` has resolved for survives the end of the process. */
  readonly durable: boolean;
  /** Whether confirmed messages are kept for {@link MessageStore.history}. */
  readonly keepsHistory: boolean;
  /** Stores messages; one result each, in order. Resolved means: as safe as this store can make them. */
  append(messages: readonly StoredMessage[]): Promise<readonly AppendResult[]>;
  /**
   * True where it is known at once, and for sure, that nothing waits for a user; false where something may, or it would
   * have to be looked up. What an `append` has not resolved for need not count. Never throws.
   *
   * Optional: most who log in have missed nothing, and a store that can say so spares each of them a `take`. One that
   * does not learn within milliseconds what others write to it leaves this out.
   */
  isEmptyFor?(userId: string): boolean;
  /** The oldest waiting messages of a user behind `after` (exclusive; undefined for the beginning). */
  take(userId: string, after: StoreId | undefined, limit: number): Promise<readonly WaitingMessage[]>;
  /**
   * The receivers have these: they wait no longer, and are no dead letters either. Ids that are unknown, somebody
   * else's or already confirmed are ignored.
   */
  confirm(confirmations: readonly Confirmation[]): Promise<void>;
  /** How much waits for a user. */
  count(userId: string): Promise<QueueSize>;
  /**
   * Makes dead letters of up to `limit` messages that have waited longer than `maxAgeMs`, each receiver's oldest
   * first, and forgets what was kept of confirmed messages long enough. There may be more where it gives `limit`. A
   * message that was accepted after a clock was set back may expire as much later.
   *
   * @param now milliseconds since 1970.
   */
  expire(now: number, limit: number): Promise<readonly DeadLetter[]>;
  /** The oldest dead letters behind `after` (exclusive), of all users or of one. */
  deadLetters(after: StoreId | undefined, limit: number, userId?: string): Promise<readonly DeadLetter[]>;
  /**
   * Lets dead letters wait again: at the end of the mailbox, under a new id and the same key, for another `maxAgeMs`
   * from `now` on. Those for whom there is no room stay dead. Resolves with how many wait now.
   */
  resend(ids: readonly StoreId[], now: number): Promise<number>;
  /** Deletes dead letters; a late copy is known for `rememberMs` yet. Resolves with how many. */
  discard(ids: readonly StoreId[]): Promise<number>;
  /**
   * Whom to tell of dead letters that this object has deleted because there were more than `maxDeadLetters`: once each,
   * after they are gone. One listener; a later one takes its place.
   */
  onDeadLettersDeleted(tell: (letters: readonly DeadLetter[]) => void): void;
  /** Waiting and confirmed messages between two users, newest first; none where the store keeps no history. */
  history(query: HistoryQuery): Promise<readonly WaitingMessage[]>;
  /** How the store is, at once: costs about as much with a million messages as with one. Never rejects. */
  health(): Promise<StoreHealth>;
  /** Frees what it holds. No call is made afterwards. */
  close(): Promise<void>;
}
