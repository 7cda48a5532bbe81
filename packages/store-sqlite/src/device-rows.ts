import { numberOf, textOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';
import type { Device, User } from './user.js';

/** The rows of named devices. They are read with their user, and written with it. */
export class DeviceRows {
  readonly #read: Statement;
  readonly #write: Statement;
  readonly #remove: Statement;
  readonly #expired: Statement;
  readonly #expiredV6: Statement;

  constructor(database: Database) {
    this.#read = database.prepare(
      'SELECT id, kind, name, position, seen_at FROM device WHERE user = ? ORDER BY id',
    );
    this.#write = database.prepare(
      'INSERT OR REPLACE INTO device (user, id, kind, name, position, seen_at) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#remove = database.prepare('DELETE FROM device WHERE user = ? AND id = ?');
    this.#expired = database.prepare(
      'SELECT user, id, seen_at FROM device INDEXED BY device_seen WHERE seen_at < ? ORDER BY seen_at LIMIT ?',
    );
    this.#expiredV6 = database.prepare(
      `SELECT no AS user, '' AS id, v6_seen_at AS seen_at FROM user INDEXED BY user_v6_seen
       WHERE v6_seen_at IS NOT NULL AND devices > 0 AND v6_seen_at < ? ORDER BY v6_seen_at LIMIT ?`,
    );
  }

  /** The named devices of a user, by the texts in their columns. */
  of(user: User): Map<string, Device> {
    user.named ??= user.devices === 0 ? new Map() : this.read(user.no);
    return user.named;
  }

  read(user: number): Map<string, Device> {
    const rows = this.#read.all(user).map((row) => ({
      id: textOf(row, 'id'),
      kind: textOf(row, 'kind'),
      name: textOf(row, 'name'),
      position: numberOf(row, 'position'),
      seenAt: numberOf(row, 'seen_at'),
      isChanged: false,
    }));
    return new Map(rows.map((device) => [device.id, device]));
  }

  /** Up to which position all named devices have taken the log; `Infinity` if there are none. */
  takenByAll(user: User): number {
    if (user.devices === 0) return Number.POSITIVE_INFINITY;
    let least = Number.POSITIVE_INFINITY;
    for (const { position } of this.of(user).values()) least = Math.min(least, position);
    return least;
  }

  /** Writes the changed devices of a user. */
  write(user: User): void {
    if (user.named === undefined) return;
    for (const device of user.named.values()) {
      if (!device.isChanged) continue;
      const { id, kind, name, position, seenAt } = device;
      this.#write.run(user.no, id, kind, name, position, seenAt);
      device.isChanged = false;
    }
  }

  remove(user: User, id: string): void {
    this.of(user).delete(id);
    this.#remove.run(user.no, id);
  }

  /** Devices that were last seen before an instant, the oldest first. The id of a v6 device is empty. */
  seenBefore(instant: number, limit: number): readonly { readonly user: number; readonly id: string }[] {
    return [...this.#expired.all(instant, limit), ...this.#expiredV6.all(instant, limit)]
      .map((row) => ({
        user: numberOf(row, 'user'),
        id: textOf(row, 'id'),
        seenAt: numberOf(row, 'seen_at'),
      }))
      .sort((a, b) => a.seenAt - b.seenAt)
      .slice(0, limit);
  }
}
