import type { LogPosition } from '@imcore/protocol';
import type { OutboxError } from './errors.js';
import type { KeptDevice } from './level.js';
import type { OutgoingMessage, RestoredMessage } from './outgoing.js';
import type { CreateLog } from './session-log.js';

/** The client's side of an {@link Outbox}: settings and callbacks. */
export interface OutboxHandler {
  /** Maximum time from `send` to the acknowledgement, in milliseconds. */
  readonly sendTimeoutMs: number;
  /** How many received messages to remember. */
  readonly remember: number;
  /** Milliseconds since 1970. */
  wallTime(): number;
  /** Returns the ticket of the next restored message. */
  nextTicket(): number;
  /**
   * The outbox has loaded pending messages and the keys of received ones: after `open`, and later when it adopts those of
   * a closed tab. `device`: which device of the user this program is, after `open`, if the storage can keep it.
   */
  found(waiting: readonly RestoredMessage[], received: readonly string[], device?: KeptDevice): void;
  /** A message was stored, or could not be stored. */
  kept(ticket: number, fingerprint: string | undefined, error?: OutboxError): void;
  /** An operation of the outbox failed. */
  failed(error: Error): void;
}

/** A durable outbox, open for one user at a time. Calls take effect in order. */
export interface Outbox {
  /** Opens the outbox of a user, then calls `found`, with empty lists if opening failed. */
  open(userId: string): void;
  /** Stores a message, then calls `kept`. */
  keep(message: OutgoingMessage): void;
  /** Removes a message. */
  forget(fingerprint: string): void;
  /** Remembers a received message by its key and forgets the oldest one over the limit. Never rejects. */
  remember(key: string): Promise<void>;
  /**
   * Stores how far the device has the user's log. Never rejects. Absent if the outbox never calls `found` with a device.
   */
  savePosition?(position: LogPosition): Promise<void>;
  /** Closes the outbox after all earlier calls. Stored messages stay. */
  close(): void;
  /** Resolves when the outbox is closed and may be opened again. */
  readonly closed: Promise<unknown>;
}

/** Creates the durable outbox of one client: `indexedDbOutbox()`, `fileOutbox()`, or `outboxOn` with your own storage. */
export interface OutboxSource {
  (handler: OutboxHandler): Outbox;
  /** Creates the log of a session: with `outboxOn`. Absent: the client stays at level `'v6'`. */
  readonly createLog?: CreateLog | undefined;
}
