import type { OutboxError } from './errors.js';
import type { OutgoingMessage, RestoredMessage } from './outgoing.js';

/** What an {@link Outbox} tells, and asks, its client. */
export interface OutboxHandler {
  /** How long a message may take from `send` on, in milliseconds. */
  readonly sendTimeoutMs: number;
  /** How many received messages are to be remembered. */
  readonly remember: number;
  /** Milliseconds since 1970. */
  wallTime(): number;
  nextTicket(): number;
  /** Messages that wait, and what names those that were received: at opening, and later what others left. */
  found(waiting: readonly RestoredMessage[], received: readonly string[]): void;
  /** A message is kept, or could not be. */
  kept(ticket: number, fingerprint: string | undefined, error?: OutboxError): void;
  failed(error: Error): void;
}

/** One user's outbox at a time. Does what it is told in the order of the calls. */
export interface Outbox {
  /** Opens the outbox of a user, then reports what it holds: nothing where that fails. */
  open(userId: string): void;
  /** Keeps a message, then reports it. */
  keep(message: OutgoingMessage): void;
  /** A message need not be kept any longer. */
  forget(fingerprint: string): void;
  /** Remembers that a message was received; the oldest is forgotten for it. Resolves in any case. */
  remember(name: string): Promise<void>;
  /** Lets go of the outbox, after everything that was asked for before. What it holds stays. */
  close(): void;
  /** When what was let go of is free. */
  readonly closed: Promise<unknown>;
}

/** Makes the outbox of one client: `indexedDbOutbox()`, `fileOutbox()`, or `outboxOn` a storage of your own. */
export type OutboxSource = (handler: OutboxHandler) => Outbox;
