import type { LogPage, Position } from '../ports/message-store.js';
import { bytesOfLog } from './memory-bytes.js';
import { type LogTotals, MemoryLog } from './memory-log.js';

/** The part of `maxTotalBytes` that idle logs may fill. */
const IDLE_SHARE = 1 / 8;

/**
 * The logs of a store in memory, by user. A log stays when it is empty, because it knows its last position. If such logs fill
 * too much memory, the oldest are forgotten; the logs of those users then go on behind the largest position that was ever
 * forgotten, as if everything before it was removed.
 */
export class MemoryLogs {
  readonly #logs = new Map<string, MemoryLog>();
  readonly #totals: LogTotals = { waiting: 0, waitingBytes: 0, memory: 0 };
  /** Where a log begins: no forgotten log has a larger position. */
  #start: Position = 0;

  get totals(): Readonly<LogTotals> {
    return this.#totals;
  }

  get(userId: string): MemoryLog | undefined {
    return this.#logs.get(userId);
  }

  /** Returns the log of a user, a new one if there is none. */
  of(userId: string): MemoryLog {
    let log = this.#logs.get(userId);
    if (log === undefined) {
      log = new MemoryLog(userId, this.#totals, this.#start);
      this.#logs.set(userId, log);
      this.#totals.memory += bytesOfLog(userId);
    }
    return log;
  }

  page(userId: string, after: Position, limit: number, isForV6: boolean): LogPage {
    const log = this.#logs.get(userId);
    if (log !== undefined) return log.page(after, limit, isForV6);
    return { entries: [], removed: this.#start, last: this.#start, hasNamedDevice: false };
  }

  values(): Iterable<MemoryLog> {
    return this.#logs.values();
  }

  /** Forgets the oldest idle logs if all logs fill more than their part of a store's memory. */
  forgetIdle(maxTotalBytes: number): void {
    const maxBytes = maxTotalBytes * IDLE_SHARE;
    if (this.#totals.memory <= maxBytes) return;
    for (const log of this.#logs.values()) {
      if (this.#totals.memory <= maxBytes / 2) break;
      if (!log.isIdle) continue;
      this.#logs.delete(log.userId);
      this.#totals.memory -= bytesOfLog(log.userId);
      this.#start = Math.max(this.#start, log.last);
    }
  }

  clear(): void {
    this.#logs.clear();
    Object.assign(this.#totals, { waiting: 0, waitingBytes: 0, memory: 0 });
  }
}
