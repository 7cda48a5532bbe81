import {
  type Advance,
  type Position,
  type Retention,
  type StoredDevice,
  StoreError,
  type Sweep,
} from '@imcore/server/ports';
import type { ClientBase } from 'pg';
import type { Database } from './database.js';
import type { DeadLetters } from './dead-letters.js';
import type { Removal } from './removal.js';
import { type DeviceRow, toDevice } from './rows.js';
import type { Statements } from './statements.js';
import { fromKey, toKey } from './text-key.js';
import type { Users } from './users.js';

const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED';
/** Devices that one sweep removes. */
const UNSEEN_DEVICES = 500;

/** A message that the v6 device of a user has taken. */
export interface Taken {
  readonly userId: string;
  readonly position: Position;
}

/** What the devices of users have taken, and the devices themselves. */
export class Devices {
  readonly #database: Database;
  readonly #statements: Statements;
  readonly #users: Users;
  readonly #removal: Removal;
  readonly #deadLetters: DeadLetters;
  readonly #retention: Required<Retention>;

  constructor(
    database: Database,
    statements: Statements,
    users: Users,
    removal: Removal,
    deadLetters: DeadLetters,
    retention: Required<Retention>,
  ) {
    this.#database = database;
    this.#statements = statements;
    this.#users = users;
    this.#removal = removal;
    this.#deadLetters = deadLetters;
    this.#retention = retention;
  }

  /** v6 devices have taken messages. One statement for all users without named devices; those with named devices need locks. */
  async confirm(taken: readonly Taken[], now: number): Promise<void> {
    const values = [taken.map(({ userId }) => toKey(userId)), taken.map(({ position }) => position), now];
    const { rows } = await this.#database.run((client) =>
      client.query<{ user_id: Buffer | null; dead_id: string | null }>({
        ...this.#statements.taking.confirm,
        values,
      }),
    );
    if (rows.length === 0) return;
    const dead = rows.flatMap(({ dead_id }) => dead_id ?? []);
    const beside = new Set(rows.flatMap(({ user_id }) => (user_id === null ? [] : [fromKey(user_id)])));
    if (beside.size > 0) dead.push(...(await this.#confirmBesideDevices(beside, taken, now)));
    if (dead.length > 0) await this.#deadLetters.confirm(dead, now);
  }

  /** Named devices have taken their logs up to a position. */
  async advance(advances: readonly Advance[], now: number): Promise<void> {
    const userIds = new Set(advances.map(({ userId }) => userId));
    await this.#locked(userIds, async (client, numbers) => {
      await this.#advance(client, advances, numbers);
      await this.#removal.removeTaken(client, [...numbers.values()], now);
    });
  }

  /** Adds or updates a device. What it has taken when it is added may be removed, as when it advances. */
  async put(userId: string, device: StoredDevice, now: number): Promise<StoredDevice> {
    await this.#users.make([userId]);
    const position = Math.max(0, Math.trunc(device.position));
    return this.#locked([userId], async (client, numbers) => {
      const no = numbers.get(userId);
      if (no === undefined) throw new StoreError('ERR_STORE_FAILED', 'a user disappeared: retry the call');
      if (device.id === '') {
        const values = [no, position, device.seenAt];
        const { rows } = await client.query<{ position: string }>({
          ...this.#statements.taking.putV6,
          values,
        });
        await this.#removal.removeTaken(client, [no], now);
        return { ...device, kind: '', name: '', position: Number(rows[0]?.position ?? 0) };
      }
      const { user } = this.#statements;
      const { id, kind, name, seenAt } = device;
      const put = await client.query<{ is_new: boolean; position: string }>({
        ...user.putDevice,
        values: [no, toKey(id), toKey(kind), toKey(name), seenAt],
      });
      if (put.rows[0]?.is_new !== true) return { ...device, position: Number(put.rows[0]?.position ?? 0) };
      await client.query({ ...user.countDevices, values: [no, 1] });
      const { rows } = await client.query<{ last: string }>({ ...user.last, values: [no] });
      const reached = Math.min(position, Number(rows[0]?.last ?? 0));
      await this.#advance(client, [{ userId, deviceId: id, position: reached }], numbers);
      await this.#removal.removeTaken(client, [no], now);
      return { ...device, position: reached };
    });
  }

  async remove(userId: string, deviceId: string, now: number): Promise<boolean> {
    return (await this.#remove(userId, deviceId, Number.MAX_SAFE_INTEGER, 0, now)) !== undefined;
  }

  async list(userId: string): Promise<readonly StoredDevice[]> {
    const { rows } = await this.#database.run((client) =>
      client.query<DeviceRow>({ ...this.#statements.user.devices, values: [toKey(userId)] }),
    );
    return rows.map(toDevice).sort((left, right) => (left.id < right.id ? -1 : 1));
  }

  /** Removes devices that were not seen for `deviceExpiryMs`: the v6 device only where there are others. */
  async removeUnseen(now: number): Promise<Sweep['removedDevices']> {
    const { deviceExpiryMs } = this.#retention;
    if (deviceExpiryMs === Number.POSITIVE_INFINITY) return [];
    const until = Math.trunc(now) - deviceExpiryMs;
    const { rows } = await this.#database.run((client) =>
      client.query<{ user_id: Buffer; id: Buffer }>({
        ...this.#statements.user.unseen,
        values: [until, UNSEEN_DEVICES],
      }),
    );
    const removed: { readonly userId: string; readonly device: StoredDevice }[] = [];
    for (const { user_id, id } of rows) {
      const userId = fromKey(user_id);
      const device = await this.#remove(userId, fromKey(id), until, 1, now);
      if (device !== undefined) removed.push({ userId, device });
    }
    return removed;
  }

  /** Removes a device not seen since `until`; the v6 device if there are at least `others` named ones. */
  #remove(
    userId: string,
    deviceId: string,
    until: number,
    others: number,
    now: number,
  ): Promise<StoredDevice | undefined> {
    const { user } = this.#statements;
    return this.#locked([userId], async (client, numbers) => {
      const no = numbers.get(userId);
      if (no === undefined) return undefined;
      const { rows } =
        deviceId === ''
          ? await client.query<DeviceRow>({ ...user.removeV6, values: [no, until, others] })
          : await client.query<DeviceRow>({ ...user.removeDevice, values: [no, toKey(deviceId), until] });
      const [row] = rows;
      if (row === undefined) return undefined;
      if (deviceId !== '') await client.query({ ...user.countDevices, values: [no, -1] });
      await this.#removal.removeTaken(client, [no], now);
      return toDevice(row);
    });
  }

  /** Returns the dead letters that messages have become. */
  #confirmBesideDevices(
    userIds: ReadonlySet<string>,
    taken: readonly Taken[],
    now: number,
  ): Promise<readonly string[]> {
    return this.#locked(userIds, async (client, numbers) => {
      const own = taken.filter(({ userId }) => numbers.has(userId));
      const { rows } = await client.query<{ dead_id: string }>({
        ...this.#statements.taking.confirmBesideDevices,
        values: [own.map(({ userId }) => numbers.get(userId)), own.map(({ position }) => position), now],
      });
      await this.#removal.removeTaken(client, [...numbers.values()], now);
      return rows.map(({ dead_id }) => dead_id);
    });
  }

  async #advance(
    client: ClientBase,
    advances: readonly Advance[],
    numbers: ReadonlyMap<string, string>,
  ): Promise<void> {
    const own = advances.filter(
      ({ userId, position }) => numbers.has(userId) && Number.isSafeInteger(position),
    );
    const values = [
      own.map(({ userId }) => numbers.get(userId)),
      own.map(({ deviceId }) => toKey(deviceId)),
      own.map(({ position }) => position),
    ];
    await client.query({ ...this.#statements.taking.advance, values });
  }

  /** Runs the work in a transaction that has locked the states of these users. `numbers` has those that exist. */
  #locked<T>(
    userIds: Iterable<string>,
    work: (client: ClientBase, numbers: ReadonlyMap<string, string>) => Promise<T>,
  ): Promise<T> {
    const ids = [...userIds].map(toKey);
    return this.#database.transaction(BEGIN, async (client) => {
      const { rows } = await client.query<{ no: string; id: Buffer }>({
        ...this.#statements.taking.lock,
        values: [ids],
      });
      return work(client, new Map(rows.map(({ no, id }) => [fromKey(id), no])));
    });
  }
}
