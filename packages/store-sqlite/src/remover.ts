import type { DeviceRows } from './device-rows.js';
import { ECHO, type EntryRows, MESSAGE } from './entry-rows.js';
import { type MessageStates, messagesOf } from './message-states.js';
import { type User, type UserRows, v6Holds } from './user-rows.js';

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
    return this.#ranges.length === 0;
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
    let at = Number.NEGATIVE_INFINITY;
    let taken: number[] = [];
    while (done < limit) {
      const range = this.#ranges.shift();
      if (range === undefined) break;
      this.#drained.push({ ...range });
      const to = Math.min(range.to, range.from + SLICE);
      const rows = this.#removeFree(range.user, range.from, to);
      done += 1 + rows.length;
      this.#positions -= to - range.from;
      if (range.at !== at) {
        this.#states.taken(taken, at);
        taken = [];
        at = range.at;
      }
      taken.push(...messagesOf(rows, MESSAGE));
      for (const echo of messagesOf(rows, ECHO)) this.#states.echoRemoved(echo);
      if (to < range.to) this.#ranges.unshift({ ...range, from: to });
    }
    this.#states.taken(taken, at);
    return done;
  }

  committed(): void {
    this.#drained = [];
    this.#added = 0;
  }

  /** What the transaction removed is there again, and what it took was not taken. */
  rolledBack(): void {
    this.#ranges.length = Math.max(0, this.#ranges.length - this.#added);
    this.#ranges.unshift(...this.#drained);
    this.#positions = this.#ranges.reduce((sum, { from, to }) => sum + to - from, 0);
    this.committed();
  }

  #removeFree(no: number, from: number, to: number): readonly unknown[] {
    const user = this.#users.byNo(no);
    if (user === undefined) return [];
    const end = Math.min(to, this.#devices.takenByAll(user));
    if (end <= from) return [];
    const holds = v6Holds(user);
    const rows = this.#entries.deleteTaken(no, from, end, holds ? user.v6 : end);
    if (!holds && user.v6 < end && rows.length > 0) this.#users.unsettle(user);
    return rows;
  }
}
