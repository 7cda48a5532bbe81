import type { DeviceRows } from './device-rows.js';
import { ECHO, type EntryRows, MESSAGE } from './entry-rows.js';
import { type MessageStates, messagesOf } from './message-states.js';
import { type User, v6Holds } from './user.js';
import type { UserRows } from './user-rows.js';

/** Entries after which they are removed within the transaction that took them. */
const DUE_ENTRIES = 128;
/** Positions that one statement looks at. */
const SLICE = 256;
/** Ranges that are remembered. Beyond it, the walk through all users finds what can be removed. */
const MAX_RANGES = 100_000;

/** Entries of a user after `from`, up to `to`, that a device has taken, or that nobody holds any more. */
interface Range {
  readonly user: number;
  from: number;
  to: number;
  /** When they were taken, milliseconds since 1970. */
  at: number;
}

/**
 * Removes entries that every device of their user has taken. It remembers which ranges of logs may have become free, and
 * removes many at a time: removing each entry when it is taken would cost twice as much.
 *
 * What it remembers is lost when the process ends; then the walk through all users finds it again.
 */
export class Remover {
  readonly #users: UserRows;
  readonly #devices: DeviceRows;
  readonly #entries: EntryRows;
  readonly #states: MessageStates;
  #ranges: Range[] = [];
  /** Index of the first range that is left, in the open transaction. */
  #next = 0;
  /** At least the number of entries in the ranges. */
  #positions = 0;
  /** Removed in the open transaction, or added by it. */
  #drained: Range[] = [];
  #added = 0;

  constructor(users: UserRows, devices: DeviceRows, entries: EntryRows, states: MessageStates) {
    this.#users = users;
    this.#devices = devices;
    this.#entries = entries;
    this.#states = states;
  }

  /** Whether so much can be removed that it is worth it. */
  get isDue(): boolean {
    return this.#positions >= DUE_ENTRIES;
  }

  get isIdle(): boolean {
    return this.#next >= this.#ranges.length;
  }

  /** A device has taken the entries after `from`, up to `to`; or a device that held them is gone. */
  add(user: User, from: number, to: number, at: number): void {
    if (to <= from || this.#ranges.length >= MAX_RANGES) return;
    this.#ranges.push({ user: user.no, from, to, at });
    this.#positions += to - from;
    this.#added += 1;
  }

  /** Removes up to about `limit` entries. Inside a transaction. Returns at least the number of removed messages. */
  drain(limit: number): number {
    let done = 0;
    /** Ranges of which everything is removed, at one time. */
    let whole: Range[] = [];
    while (done < limit && this.#next < this.#ranges.length) {
      const range = this.#ranges[this.#next];
      if (range === undefined) break;
      const to = Math.min(range.to, range.from + SLICE);
      const slice = { ...range, to };
      this.#drained.push(slice);
      if (to < range.to) range.from = to;
      else this.#next += 1;
      this.#positions -= to - slice.from;
      done += 1 + to - slice.from;
      if (whole.length > 0 && whole[0]?.at !== range.at) {
        this.#removeWhole(whole);
        whole = [];
      }
      if (this.#isFree(slice)) whole.push(slice);
      else this.#removeFree(slice);
    }
    this.#removeWhole(whole);
    return done;
  }

  committed(): void {
    if (this.#next > 0) this.#ranges = this.#ranges.slice(this.#next);
    this.#next = 0;
    this.#drained = [];
    this.#added = 0;
  }

  /** What the transaction removed is there again, and what it took was not taken. */
  rolledBack(): void {
    const left = this.#ranges.slice(this.#next);
    this.#ranges = [...this.#drained, ...left.slice(0, Math.max(0, left.length - this.#added))];
    this.#next = 0;
    this.#positions = this.#ranges.reduce((sum, { from, to }) => sum + to - from, 0);
    this.committed();
  }

  /** The most frequent case: the v6 device is the only one, and has taken all of it. */
  #isFree({ user: no, to }: Range): boolean {
    const user = this.#users.byNo(no);
    return user !== undefined && user.devices === 0 && to <= user.v6;
  }

  #removeWhole(ranges: readonly Range[]): void {
    const [first] = ranges;
    if (first === undefined) return;
    const rows = this.#entries.deleteRanges(ranges.map(({ user, from, to }) => [user, from, to] as const));
    this.#removed(rows, first.at);
  }

  #removeFree({ user: no, from, to, at }: Range): void {
    const user = this.#users.byNo(no);
    if (user === undefined) return;
    const end = Math.min(to, this.#devices.takenByAll(user));
    if (end <= from) return;
    const holds = v6Holds(user);
    const rows = this.#entries.deleteTaken(no, from, end, holds ? user.v6 : end);
    if (!holds && user.v6 < end && rows.length > 0) this.#users.unsettle(user);
    this.#removed(rows, at);
  }

  #removed(rows: readonly unknown[], at: number): void {
    this.#states.taken(messagesOf(rows, MESSAGE), at);
    for (const echo of messagesOf(rows, ECHO)) this.#states.echoRemoved(echo);
  }
}
