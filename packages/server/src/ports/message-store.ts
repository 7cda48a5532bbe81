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
}

/** Names a stored message to the store that gave it; larger is later for the same receiver. */
export type StoreId = number;

export interface WaitingMessage extends StoredMessage {
  readonly id: StoreId;
}

/**
 * What became of one message of an `append`. A duplicate is as safe as a stored one, under the id it had first;
 * `id` is undefined where the message was already confirmed. `full` means: this store has not got it. A store that
 * fails rejects the whole `append`.
 */
export type AppendResult =
  | { readonly outcome: 'stored'; readonly id: StoreId }
  | { readonly outcome: 'duplicate'; readonly id: StoreId | undefined }
  | { readonly outcome: 'full' };

/**
 * Keeps messages until their receiver has acknowledged them.
 *
 * A message is the same as another when sender, receiver and fingerprint are. Every call is idempotent. Messages of
 * one receiver come back in the order in which they were appended. Methods reject with a `StoreError`; a caller may
 * then repeat the call.
 */
export interface MessageStore {
  /** Whether a message that `append` has resolved for survives the end of the process. */
  readonly durable: boolean;
  /** Stores messages; one result each, in order. Resolved means: as safe as this store can make them. */
  append(messages: readonly StoredMessage[]): Promise<readonly AppendResult[]>;
  /** The oldest waiting messages of a user behind `after` (exclusive; undefined for the beginning). */
  take(userId: string, after: StoreId | undefined, limit: number): Promise<readonly WaitingMessage[]>;
  /** The receiver has these: they wait no longer. Ids that are unknown or already confirmed are ignored. */
  confirm(userId: string, ids: readonly StoreId[]): Promise<void>;
  /** How many messages wait for a user. */
  count(userId: string): Promise<number>;
  /** Frees what it holds. No call is made afterwards. */
  close(): Promise<void>;
}
