import type { DeadLetter, DeadLetterId, Entry, Position, StoreHealth } from './message-store.js';

/** The queue of one user. */
export interface UserQueue {
  readonly userId: string;
  readonly messages: number;
  /** Bytes of their bodies. */
  readonly bytes: number;
}

/** Where a page of `purge` starts; 0 for the first. What it counts depends on the store. */
export type PurgePage = number;

/** Progress of a copy. Both numbers have the same unit, which depends on the store. */
export interface CopyProgress {
  readonly done: number;
  readonly total: number;
}

/**
 * Administration of a store, whether a server is using it or not. No method blocks a server for long. Methods reject with a
 * `StoreError`.
 */
export interface StoreTools {
  health(): Promise<StoreHealth>;
  /** The users with the most waiting messages, the largest queue first. */
  queues(limit: number): Promise<readonly UserQueue[]>;
  /** When the oldest waiting message was accepted, milliseconds since 1970; undefined if none waits. */
  oldestAcceptedAt(): Promise<number | undefined>;
  /** Returns the oldest messages after `after` (exclusive) that no device of a user has taken. */
  waiting(userId: string, after: Position, limit: number): Promise<readonly Entry[]>;
  deadLetters(after: DeadLetterId, limit: number, userId?: string): Promise<readonly DeadLetter[]>;
  resend(ids: readonly DeadLetterId[], now: number): Promise<number>;
  discard(ids: readonly DeadLetterId[]): Promise<number>;
  /**
   * Deletes waiting messages and dead letters that were accepted before an instant, one page of `limit` rows for each call.
   * `next` is the start of the following page, undefined at the end. Their keys are remembered for `rememberMs`.
   */
  purge(
    before: number,
    after: PurgePage,
    limit: number,
    userId?: string,
  ): Promise<{ readonly deleted: number; readonly next: PurgePage | undefined }>;
  /**
   * Writes a consistent copy of the whole store to a new file; undefined for a store with tools of its own.
   */
  readonly backup?: (target: string, progress: (progress: CopyProgress) => void) => Promise<void>;
  close(): Promise<void>;
}
