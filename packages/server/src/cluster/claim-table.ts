import { type DeviceKey, hashOf, type SessionClaim } from './claims.js';

/** No row. */
export const NONE = -1;

/** The owner of a row that is not used. */
const FREE = 0xffff;

/** Rows of a new table. It grows by half when it is full. */
const FIRST_ROWS = 64;

/** Maximum number of owners: they are kept as 16-bit numbers. */
export const MAX_OWNERS = FREE;

/**
 * The claims of all nodes, one per row, in columns: about 100 bytes each, user ID included. Rows of one user are linked.
 *
 * A row keeps its number until it is deleted. Rows may be added and deleted during an iteration.
 */
export class ClaimTable {
  readonly #firstOfUser = new Map<string, number>();
  /** Device IDs of rows; v6 sessions have none. */
  readonly #deviceIds = new Map<number, string>();
  readonly #userIds: string[] = [];
  #times = new Float64Array(FIRST_ROWS);
  #stamps = new Float64Array(FIRST_ROWS);
  #owners = new Uint16Array(FIRST_ROWS);
  /** The next row of the same user, or the next free row. */
  #next = new Int32Array(FIRST_ROWS);
  #firstFree = NONE;
  /** Rows that were used so far: free ones are among them. */
  #end = 0;
  #size = 0;

  /** Number of users with at least one claim. */
  get users(): number {
    return this.#firstOfUser.size;
  }

  /** Number of claims. */
  get size(): number {
    return this.#size;
  }

  /** The first row of a user; {@link NONE} if it has none. */
  firstOf(userId: string): number {
    return this.#firstOfUser.get(userId) ?? NONE;
  }

  /** The user's row after this one; {@link NONE} after the last. */
  after(row: number): number {
    return this.#next[row] ?? NONE;
  }

  /** The number of the node that owns a row. */
  ownerOf(row: number): number {
    return this.#owners[row] ?? FREE;
  }

  deviceOf(row: number): string {
    return this.#deviceIds.size === 0 ? '' : (this.#deviceIds.get(row) ?? '');
  }

  stampOf(row: number): number {
    return this.#stamps[row] ?? 0;
  }

  read(row: number): SessionClaim {
    const userId = this.#userIds[row] ?? '';
    const firstLoginTime = this.#times[row] ?? 0;
    return { userId, deviceId: this.deviceOf(row), firstLoginTime, stamp: this.stampOf(row) };
  }

  hashOf(row: number): number {
    return hashOf(this.#userIds[row] ?? '', this.deviceOf(row), this.stampOf(row));
  }

  /** The owner's row of a device; {@link NONE} if there is none. `from`: the row of that user to begin with, if it is known. */
  find(owner: number, { userId, deviceId }: DeviceKey, from = this.firstOf(userId)): number {
    let row = from;
    while (row !== NONE && !(this.#owners[row] === owner && this.deviceOf(row) === deviceId))
      row = this.after(row);
    return row;
  }

  /** Number of claims of a user that the owner has. `from`: see {@link find}. */
  countOf(owner: number, userId: string, from = this.firstOf(userId)): number {
    let count = 0;
    for (let row = from; row !== NONE; row = this.after(row)) if (this.#owners[row] === owner) count += 1;
    return count;
  }

  /** The rows of an owner, in no particular order. */
  *rowsOf(owner: number): IterableIterator<number> {
    for (let row = 0; row < this.#end; row++) if (this.#owners[row] === owner) yield row;
  }

  /** Adds a claim; the owner has none of this device. Returns its row, which is the first of the user. */
  add(owner: number, claim: SessionClaim): number {
    const row = this.#takeRow();
    this.#size += 1;
    this.#userIds[row] = claim.userId;
    this.#owners[row] = owner;
    if (claim.deviceId !== '') this.#deviceIds.set(row, claim.deviceId);
    this.#next[row] = this.firstOf(claim.userId);
    this.#firstOfUser.set(claim.userId, row);
    this.change(row, claim);
    return row;
  }

  /** The owner has a newer session of the same device. */
  change(row: number, { firstLoginTime, stamp }: SessionClaim): void {
    this.#times[row] = firstLoginTime;
    this.#stamps[row] = stamp;
  }

  delete(row: number): void {
    this.#unlink(row);
    this.#size -= 1;
    this.#userIds[row] = '';
    this.#owners[row] = FREE;
    this.#deviceIds.delete(row);
    this.#next[row] = this.#firstFree;
    this.#firstFree = row;
  }

  #unlink(row: number): void {
    const userId = this.#userIds[row] ?? '';
    const next = this.after(row);
    let before = this.firstOf(userId);
    if (before !== row) {
      while (this.after(before) !== row) before = this.after(before);
      this.#next[before] = next;
    } else if (next === NONE) this.#firstOfUser.delete(userId);
    else this.#firstOfUser.set(userId, next);
  }

  #takeRow(): number {
    const free = this.#firstFree;
    if (free !== NONE) {
      this.#firstFree = this.after(free);
      return free;
    }
    if (this.#end === this.#stamps.length) this.#grow();
    this.#end += 1;
    return this.#end - 1;
  }

  #grow(): void {
    const rows = Math.ceil(this.#end * 1.5);
    const grown = <Column extends Float64Array | Uint16Array | Int32Array>(to: Column, from: Column) => {
      to.set(from);
      return to;
    };
    this.#times = grown(new Float64Array(rows), this.#times);
    this.#stamps = grown(new Float64Array(rows), this.#stamps);
    this.#owners = grown(new Uint16Array(rows), this.#owners);
    this.#next = grown(new Int32Array(rows), this.#next);
  }
}
