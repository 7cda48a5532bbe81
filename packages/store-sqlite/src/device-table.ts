import type { StoredDevice } from '@imcore/server/ports';
import type { LogTables } from './log-tables.js';
import type { Taker } from './taker.js';
import { fromColumn, toColumn } from './text-column.js';
import type { Device } from './user.js';
import { type User, v6Holds } from './user.js';

/** The id of the device of all v6 clients. */
const V6 = '';

/** Adds and removes devices, inside the caller's transactions. */
export class DeviceTable {
  readonly #tables: LogTables;
  readonly #taker: Taker;

  constructor(tables: LogTables, taker: Taker) {
    this.#tables = tables;
    this.#taker = taker;
  }

  put(userId: string, { id, kind, name, position, seenAt }: StoredDevice, now: number): StoredDevice {
    const { users, devices } = this.#tables;
    const user = users.findOrCreate(toColumn(userId));
    users.change(user);
    const upTo = Math.min(Math.max(0, Math.trunc(position)), user.last);
    if (id === V6) {
      if (user.v6SeenAt === undefined) this.#taker.v6TakenUpTo(user, upTo, now);
      user.v6SeenAt = Math.trunc(seenAt);
      return v6Device(user);
    }
    const named = devices.of(user);
    const column = toColumn(id);
    const device = named.get(column);
    const changes = {
      kind: toColumn(kind),
      name: toColumn(name),
      seenAt: Math.trunc(seenAt),
      isChanged: true,
    };
    if (device !== undefined) return toStoredDevice(Object.assign(device, changes));
    const added = {
      id: column,
      ...changes,
      position: Math.min(Math.max(0, Math.trunc(position)), user.last),
    };
    const heldBefore = this.#heldFrom(user);
    named.set(column, added);
    user.devices += 1;
    this.#taker.takenUpTo(user, added.position);
    this.#release(user, heldBefore, now);
    return toStoredDevice(added);
  }

  /** Returns the device that was removed; undefined if there was none. */
  remove(user: User, column: string, now: number): StoredDevice | undefined {
    const { users, devices } = this.#tables;
    const heldBefore = this.#heldFrom(user);
    if (column === V6) {
      if (user.v6SeenAt === undefined) return undefined;
      const removed = v6Device(user);
      user.v6SeenAt = undefined;
      users.change(user);
      this.#release(user, heldBefore, now);
      return removed;
    }
    const device = devices.of(user).get(column);
    if (device === undefined) return undefined;
    devices.remove(user, column);
    user.devices -= 1;
    users.change(user);
    this.#release(user, heldBefore, now);
    return toStoredDevice(device);
  }

  /** Removes up to `limit` devices that were last seen before an instant. */
  expire(before: number, limit: number, now: number): { userId: string; device: StoredDevice }[] {
    const { users, devices } = this.#tables;
    const removed: { userId: string; device: StoredDevice }[] = [];
    for (const { user: no, id } of devices.seenBefore(before, limit)) {
      const user = users.byNo(no);
      if (user === undefined || (id === V6 && user.devices === 0)) continue;
      const device = this.remove(user, id, now);
      if (device !== undefined) removed.push({ userId: fromColumn(user.id), device });
    }
    return removed;
  }

  /** Up to which position nothing is held back. */
  #heldFrom(user: User): number {
    const byNamed = this.#tables.devices.takenByAll(user);
    return Math.min(byNamed, v6Holds(user) ? user.v6 : byNamed, user.last);
  }

  /** Lets entries be removed that no device holds back any more. Echoes are held by named devices only. */
  #release(user: User, heldBefore: number, now: number): void {
    const { devices, remover } = this.#tables;
    remover.add(user, heldBefore, Math.min(devices.takenByAll(user), user.last), now);
  }
}

/** The v6 device of a user; it must exist. */
export function v6Device({ v6, v6SeenAt = 0 }: Pick<User, 'v6' | 'v6SeenAt'>): StoredDevice {
  return { id: V6, kind: '', name: '', position: v6, seenAt: v6SeenAt };
}

export function toStoredDevice({ id, kind, name, position, seenAt }: Device): StoredDevice {
  return { id: fromColumn(id), kind: fromColumn(kind), name: fromColumn(name), position, seenAt };
}
