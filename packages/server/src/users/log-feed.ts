import type { Entry, MessageId, Position } from '../ports/message-store.js';

/** Where a message of a client was stored. */
export interface StoredAs {
  readonly id: MessageId;
  /** Its place in the log of its sender. */
  readonly echo: Position;
  /** Milliseconds since 1970. */
  readonly acceptedAt: number;
}

/** The part of a user's log that one session has not acknowledged, as users and delivery see it. */
export interface LogFeed {
  /** Begins to send. */
  start(): void;
  /** The device has shown that it got the login response. */
  proven(): void;
  /** The longest frame body that the session is sent, in bytes. */
  readonly maxFrameBytes: number;
  /** The position of the newest entry that is known. */
  readonly last: Position;
  /** An entry was appended. `isOwn`: it is a message of this device, which is told with {@link stored}, and is passed over. */
  push(entry: Entry, isOwn: boolean): void;
  /** The store may have entries that are not known. */
  wake(): void;
  /** A message of this device is stored. */
  stored(fingerprint: string, as: StoredAs): void;
  /** A message of this device was not accepted. */
  rejected(fingerprint: string, code: string): void;
  /** The device has everything up to a position. */
  acknowledged(position: Position): void;
  /** The device asks for everything behind a position. */
  synced(after: Position): void;
  /** The session has ended. */
  end(): void;
}
