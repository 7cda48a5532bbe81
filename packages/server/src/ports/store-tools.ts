import type { DeadLetter, StoreHealth, StoreId, WaitingMessage } from './message-store.js';

/** The queue of one user. */
export interface UserQueue {
  readonly userId: string;
  readonly messages: number;
  /** Bytes of their bodies. */
  readonly bytes: number;
}

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
  take(userId: string, after: StoreId | undefined, limit: number): Promise<readonly WaitingMessage[]>;
  deadLetters(after: StoreId | undefined, limit: number, userId?: string): Promise<readonly DeadLetter[]>;
  resend(ids: readonly StoreId[], now: number): Promise<number>;
  discard(ids: readonly StoreId[]): Promise<number>;
  /**
   * Deletes waiting messages and dead letters that were accepted before an instant, one page of `limit` rows for each call.
   * `next` is the start of the following page, undefined at the end. Their keys are remembered for `rememberMs`.
   */
  purge(
    before: number,
    after: StoreId | undefined,
    limit: number,
    userId?: string,
  ): Promise<{ readonly deleted: number; readonly next: StoreId | undefined }>;
  /**
   * Writes a consistent copy of the whole store to a new file; undefined for a store with tools of its own.
   */
  readonly backup?: (target: string, progress: (progress: CopyProgress) => void) => Promise<void>;
  close(): Promise<void>;
}
