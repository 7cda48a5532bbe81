import type { Scheduled } from '@imcore/protocol';
import { asError } from '../errors.js';
import type { Entry, MessageStore, Position } from '../ports/message-store.js';
import type { Runtime } from '../runtime.js';

/** Maximum number of entries that wait to be read, of all users. */
const MAX_WAITING = 10_000;

/** Maximum number of entries in one read of a log. */
const MAX_PAGE = 100;

/** Wait before a log that could not be read is read again, in milliseconds. */
const RETRY_MS = 1000;

/**
 * Calls the hook `onStored` for messages that the sessions of a user got from the log and did not acknowledge before the last of
 * them ended. The messages are read from the store, one user after the other.
 */
export class SessionEndNotices {
  readonly #runtime: Runtime;
  readonly #store: Pick<MessageStore, 'read'>;
  /** Calls the hook for a message. */
  readonly #notify: (entry: Entry) => void;
  #waiting: { readonly userId: string; readonly positions: readonly Position[] }[] = [];
  #size = 0;
  #running: Promise<void> | undefined = undefined;
  #retry: Scheduled | undefined = undefined;
  #isEnding = false;

  constructor(runtime: Runtime, store: Pick<MessageStore, 'read'>, notify: (entry: Entry) => void) {
    this.#runtime = runtime;
    this.#store = store;
    this.#notify = notify;
  }

  /** `positions`: in order. */
  add(userId: string, positions: readonly Position[]): void {
    if (positions.length === 0) return;
    if (this.#size + positions.length > MAX_WAITING) {
      this.reportForgotten(userId);
      return;
    }
    this.#size += positions.length;
    this.#waiting.push({ userId, positions });
    if (this.#retry === undefined) this.#running ??= this.#run();
  }

  /** Resolves when the hook was called for everything that waits. What cannot be read now is given up. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#running ??= this.#run();
    await this.#running;
  }

  /** The hook is never called for a message of a user, because there are too many. */
  reportForgotten(userId: string): void {
    const { metrics, events } = this.#runtime;
    metrics.limitOfflineNotices += 1;
    events.emit('limited', { limit: 'offlineNotices', value: MAX_WAITING, remoteAddress: '', userId });
  }

  async #run(): Promise<void> {
    try {
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        await this.#notifyOf(next.userId, next.positions);
        this.#waiting.shift();
        this.#size -= next.positions.length;
      }
    } catch (error) {
      this.#readFailed(error);
    }
    this.#running = undefined;
  }

  #readFailed(error: unknown): void {
    const { metrics, events, clock } = this.#runtime;
    metrics.storeFailures += 1;
    events.emit('error', asError(error));
    if (this.#isEnding) {
      for (const { userId } of this.#waiting) this.reportForgotten(userId);
      this.#waiting = [];
      this.#size = 0;
      return;
    }
    this.#retry = clock.schedule(clock.now() + RETRY_MS, () => {
      this.#retry = undefined;
      this.#running = this.#run();
    });
  }

  /** @throws StoreError */
  async #notifyOf(userId: string, positions: readonly Position[]): Promise<void> {
    const left = new Set(positions);
    const last = positions.at(-1) ?? 0;
    let after = (positions[0] ?? 1) - 1;
    while (after < last) {
      const { entries } = await this.#store.read(userId, after, MAX_PAGE);
      for (const entry of entries) if (left.delete(entry.position)) this.#notify(entry);
      const end = entries.at(-1)?.position;
      if (end === undefined) return;
      after = end;
    }
  }
}
