import type { Sweep } from '@imcore/server/ports';
import type { DeviceTable } from './device-table.js';
import type { LogTables } from './log-tables.js';
import type { Sweeper } from './sweeper.js';
import type { UserWalk } from './user-walk.js';

/** Taken entries, and expired keys, that are removed with other work. More than what that work can leave behind. */
const REMOVED_AT_ONCE = 1000;
/** Those that are removed by one call of `expire`, and devices. */
const REMOVED_AT_EXPIRY = 5000;
const FORGET_AT_EXPIRY = 1000;
const DEVICES_AT_EXPIRY = 1000;

/**
 * Removes what the store does not have to keep any more, a limited number at a time, inside the caller's transactions: at
 * `expire`, and with other work, so that the file does not grow between two calls of `expire`.
 */
export class Upkeep {
  readonly #tables: LogTables;
  readonly #devices: DeviceTable;
  readonly #walk: UserWalk;
  readonly #sweeper: Sweeper;
  /** `now` of the last `expire`, which does not trust a clock that jumps: nothing is forgotten by a later time. */
  #expiredAt = Number.NEGATIVE_INFINITY;

  constructor(tables: LogTables, devices: DeviceTable, walk: UserWalk, sweeper: Sweeper) {
    this.#tables = tables;
    this.#devices = devices;
    this.#walk = walk;
    this.#sweeper = sweeper;
  }

  /** See `MessageStore.expire`. */
  expire(now: number, limit: number): Sweep {
    const { remover, retention } = this.#tables;
    const { deviceExpiryMs } = retention;
    this.#expiredAt = now;
    remover.drain(REMOVED_AT_EXPIRY);
    const removedDevices =
      deviceExpiryMs === Number.POSITIVE_INFINITY
        ? []
        : this.#devices.expire(now - deviceExpiryMs, DEVICES_AT_EXPIRY, now);
    const deadLetters = this.#sweeper.expire(now, limit);
    this.#walk.step(now);
    remover.drain(REMOVED_AT_EXPIRY);
    const trimmed = this.#walk.trim(now);
    this.#sweeper.forget(now, FORGET_AT_EXPIRY);
    return { deadLetters, trimmed, removedDevices };
  }

  /** Removes entries that were taken, if there are enough for it to be worth it, and forgets keys. */
  removeSome(now: number): void {
    const { remover } = this.#tables;
    if (!remover.isDue) return;
    const removed = remover.drain(REMOVED_AT_ONCE);
    this.#sweeper.forget(Math.min(now, this.#expiredAt), 2 * removed);
  }

  /** Removes entries that were taken, however few they are, before the store is closed. */
  removeRest(): void {
    this.#tables.remover.drain(REMOVED_AT_EXPIRY);
  }
}
