import type { DeadLetter, StoreHealth, StoreId, WaitingMessage } from './message-store.js';

/** What waits for a user, by name. */
export interface UserQueue {
  readonly userId: string;
  readonly messages: number;
  /** Bytes of their bodies. */
  readonly bytes: number;
}

/** How far a copy is: both in the same unit, which is the store's own. */
export interface CopyProgress {
  readonly done: number;
  readonly total: number;
}

/**
 * What an operator does with a store, while a server uses it or while none does. Nothing here keeps a server waiting
 * for long. Methods reject with a `StoreError`.
 */
export interface StoreTools {
  health(): Promise<StoreHealth>;
  /** The users for whom most waits, the most first. */
  queues(limit: number): Promise<readonly UserQueue[]>;
  /** When the message that waits longest was accepted, milliseconds since 1970; undefined when none waits. */
  oldestAcceptedAt(): Promise<number | undefined>;
  take(userId: string, after: StoreId | undefined, limit: number): Promise<readonly WaitingMessage[]>;
  deadLetters(after: StoreId | undefined, limit: number, userId?: string): Promise<readonly DeadLetter[]>;
  resend(ids: readonly StoreId[], now: number): Promise<number>;
  discard(ids: readonly StoreId[]): Promise<number>;
  /**
   * Deletes waiting messages and dead letters that were accepted before an instant, a page of `limit` rows at a time:
   * `next` is where the following page begins, undefined at the end. Late copies are known for `rememberMs` yet.
   */
  purge(
    before: number,
    after: StoreId | undefined,
    limit: number,
    userId?: string,
  ): Promise<{ readonly deleted: number; readonly next: StoreId | undefined }>;
  /**
   * Writes a copy of the whole store as it is at one instant to a new file; undefined for a store that has other means.
   */
  readonly backup?: (target: string, progress: (progress: CopyProgress) => void) => Promise<void>;
  close(): Promise<void>;
}
