import type { DeviceRows } from './device-rows.js';
import type { OccupiedQueues } from './occupied-queues.js';
import { integerOf, numberOf, textOf } from './rows.js';
import type { Database, Statement } from './sqlite-module.js';
import type { Totals } from './totals.js';
import type { User } from './user.js';

/** Rows that are kept in memory between transactions, about 300 bytes each. */
const MAX_CACHED = 20_000;

const COLUMNS = 'no, id, last, taken, v6, v6_seen_at, devices, waiting, waiting_bytes';

/**
 * The rows of users. Inside a transaction they are read once, changed in memory and written once at the end. They are kept
 * in memory until another process writes.
 */
export class UserRows {
  readonly #totals: Totals;
  readonly #devices: DeviceRows;
  readonly #occupied: OccupiedQueues | undefined;
  readonly #byId: Statement;
  readonly #byNo: Statement;
  readonly #lastNo: Statement;
  readonly #insert: Statement;
  readonly #update: Statement;
  readonly #ids = new Map<string, User>();
  readonly #numbers = new Map<number, User>();
  readonly #changed: User[] = [];
  #last: number | undefined;

  /** @param occupied is notified when a user's queue becomes empty or stops being empty */
  constructor(database: Database, totals: Totals, devices: DeviceRows, occupied?: OccupiedQueues) {
    this.#totals = totals;
    this.#devices = devices;
    this.#occupied = occupied;
    this.#byId = database.prepare(`SELECT ${COLUMNS} FROM user WHERE id = ?`);
    this.#byNo = database.prepare(`SELECT ${COLUMNS} FROM user WHERE no = ?`);
    this.#lastNo = database.prepare('SELECT coalesce(max(no), 0) AS no FROM user');
    this.#insert = database.prepare(
      `INSERT INTO user (no, id, last, taken, v6, devices, waiting, waiting_bytes) VALUES (?, ?, 0, 0, 0, 0, 0, 0)`,
    );
    this.#update = database.prepare(
      `UPDATE user SET last = ?, taken = ?, v6 = ?, v6_seen_at = ?, devices = ?, waiting = ?, waiting_bytes = ?
       WHERE no = ?`,
    );
  }

  /** Begins a transaction. @param areRight whether what was read before may still be used */
  begin(areRight: boolean): void {
    this.#changed.length = 0;
    if (!areRight || this.#ids.size > MAX_CACHED) this.clear();
  }

  /** Forgets what was read. */
  clear(): void {
    this.#ids.clear();
    this.#numbers.clear();
    this.#last = undefined;
  }

  /** A user by the text in its column; undefined if it has no log. */
  find(id: string): User | undefined {
    const known = this.#ids.get(id);
    if (known !== undefined) return known;
    const row = this.#byId.get(id);
    return row === undefined ? undefined : this.#remember(toUser(row));
  }

  /** A user by the text in its column. A new one has a row once it is changed. */
  findOrCreate(id: string): User {
    const known = this.find(id);
    if (known !== undefined) return known;
    this.#last = (this.#last ?? numberOf(this.#lastNo.get(), 'no')) + 1;
    return this.#remember({
      no: this.#last,
      id,
      last: 0,
      taken: 0,
      v6: 0,
      v6SeenAt: undefined,
      devices: 0,
      waiting: 0,
      waitingBytes: 0,
      named: undefined,
      isNew: true,
      isChanged: false,
      isUnsettled: false,
      wasOccupied: false,
    });
  }

  /** Undefined only in a damaged file. */
  byNo(no: number): User | undefined {
    const known = this.#numbers.get(no);
    if (known !== undefined) return known;
    const row = this.#byNo.get(no);
    return row === undefined ? undefined : this.#remember(toUser(row));
  }

  /** Call it before or after a change of a row in this transaction. */
  change(user: User): void {
    if (user.isChanged) return;
    user.isChanged = true;
    this.#changed.push(user);
    if (!user.isNew) return;
    this.#insert.run(user.no, user.id);
    user.isNew = false;
  }

  /** Counts messages of a user that start or stop waiting. */
  addWaiting(user: User, messages: number, bytes: number): void {
    user.waiting += messages;
    user.waitingBytes += bytes;
    this.#totals.addWaiting(messages, bytes);
    this.change(user);
  }

  /** Marks a user whose v6 position must be moved: entries that the v6 device had not taken were removed. */
  unsettle(user: User): void {
    user.isUnsettled = true;
    this.change(user);
  }

  /** The users with changes, until the end of the transaction. */
  get changed(): readonly User[] {
    return this.#changed;
  }

  /** Writes the changed rows, before the commit. */
  end(): void {
    for (const user of this.#changed) {
      this.#devices.write(user);
      const { last, taken, v6, v6SeenAt = null, devices, waiting, waitingBytes, no } = user;
      this.#update.run(last, taken, v6, v6SeenAt, devices, waiting, waitingBytes, no);
    }
    if (this.#changed.length > 0) this.#totals.touch();
  }

  committed(): void {
    for (const user of this.#changed) {
      user.isChanged = false;
      const isOccupied = user.v6 < user.last || user.devices > 0;
      if (isOccupied !== user.wasOccupied) this.#occupied?.changed(user.id, isOccupied ? 1 : -1);
      user.wasOccupied = isOccupied;
    }
    this.#changed.length = 0;
  }

  #remember(user: User): User {
    this.#ids.set(user.id, user);
    this.#numbers.set(user.no, user);
    return user;
  }
}

function toUser(row: unknown): User {
  const last = numberOf(row, 'last');
  const v6 = numberOf(row, 'v6');
  const devices = numberOf(row, 'devices');
  return {
    no: numberOf(row, 'no'),
    id: textOf(row, 'id'),
    last,
    taken: numberOf(row, 'taken'),
    v6,
    v6SeenAt: integerOf(row, 'v6_seen_at'),
    devices,
    waiting: numberOf(row, 'waiting'),
    waitingBytes: numberOf(row, 'waiting_bytes'),
    named: undefined,
    isNew: false,
    isChanged: false,
    isUnsettled: false,
    wasOccupied: v6 < last || devices > 0,
  };
}
