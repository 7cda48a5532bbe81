import type { Advance, Confirmation } from '@imcore/server/ports';
import type { DeadLetterTable } from './dead-letter-table.js';
import { type EntryRow, MESSAGE } from './entry-rows.js';
import type { LogTables } from './log-tables.js';
import { toColumn } from './text-column.js';
import { type User, waits } from './user.js';

/** Entries that one statement reads. */
const PAGE = 500;

/** What devices take, inside the caller's transactions. */
export class Taker {
  readonly #tables: LogTables;
  readonly #deadLetters: DeadLetterTable;

  constructor(tables: LogTables, deadLetters: DeadLetterTable) {
    this.#tables = tables;
    this.#deadLetters = deadLetters;
  }

  /** The v6 device of a user has taken messages. */
  confirm({ userId, positions }: Confirmation, now: number): void {
    const { users } = this.#tables;
    const user = positions.length === 0 ? undefined : users.find(toColumn(userId));
    if (user === undefined) return;
    const wanted = sortedPositions(positions, user.last);
    if (wanted.length === 0) return;
    if (user.v6SeenAt === undefined) {
      user.v6SeenAt = now;
      users.change(user);
    }
    if (this.#takeAll(user, wanted, now)) return;
    const unread = this.#takeInOrder(user, wanted, now);
    for (const position of unread) this.#takeOutOfOrder(user, position, now);
  }

  /** A named device of a user has taken its log up to a position. */
  advance({ userId, deviceId, position }: Advance, now: number): void {
    const { users, devices, remover } = this.#tables;
    const user = users.find(toColumn(userId));
    if (user === undefined || !Number.isSafeInteger(position) || position > user.last) return;
    const device = devices.of(user).get(toColumn(deviceId));
    if (device === undefined || position <= device.position) return;
    const before = devices.takenByAll(user);
    device.position = position;
    device.isChanged = true;
    users.change(user);
    this.takenUpTo(user, position);
    remover.add(user, before, devices.takenByAll(user), now);
  }

  /** A named device has everything up to a position: it does not wait any more. */
  takenUpTo(user: User, position: number): void {
    if (position <= user.taken) return;
    this.#countUpTo(user, position);
    user.taken = position;
    this.#tables.users.change(user);
  }

  /** The v6 device has everything up to a position. */
  v6TakenUpTo(user: User, position: number, now: number): void {
    if (position <= user.v6) return;
    const { users, remover } = this.#tables;
    const from = user.v6;
    this.#countUpTo(user, position);
    user.v6 = position;
    users.unsettle(user);
    this.#tables.settle(user);
    remover.add(user, from, user.v6, now);
  }

  /**
   * The most frequent case, without a read: everything behind the v6 position is taken, and all of it waits. Returns false in
   * every other one.
   */
  #takeAll(user: User, wanted: readonly number[], now: number): boolean {
    const { users, remover } = this.#tables;
    const isAll = wanted[0] === user.v6 + 1 && wanted.length === user.last - user.v6;
    if (!isAll || user.taken > user.v6 || user.waiting !== wanted.length) return false;
    remover.add(user, user.v6, user.last, now);
    user.v6 = user.last;
    users.addWaiting(user, -user.waiting, -user.waitingBytes);
    return true;
  }

  /**
   * Takes messages from the v6 position on, up to the first one that is not wanted: nearly always all of them, with one
   * statement. Returns those that it has not found.
   */
  #takeInOrder(user: User, wanted: readonly number[], now: number): readonly number[] {
    const { users, entries, remover } = this.#tables;
    const from = user.v6;
    let next = wanted.findIndex((position) => position > from);
    if (next < 0) return wanted;
    const unfound = wanted.slice(0, next);
    let reached = from;
    let page: readonly EntryRow[];
    let limit: number;
    /** The first message that is neither taken nor wanted. */
    let hole: EntryRow | undefined;
    const behind: EntryRow[] = [];
    do {
      limit = Math.min(PAGE, wanted.length - next + 1);
      page = entries.page(user.no, reached, limit);
      for (const entry of page) {
        while ((wanted[next] ?? Number.POSITIVE_INFINITY) < entry.position) unfound.push(wanted[next++] ?? 0);
        const isWanted = wanted[next] === entry.position;
        if (isWanted) next += 1;
        const isFree = entry.isTaken || entry.kind !== MESSAGE;
        if (!isFree && !isWanted) hole ??= entry;
        if (isFree || !isWanted) continue;
        this.#count(user, entry);
        if (hole !== undefined) behind.push(entry);
      }
      reached = page.at(-1)?.position ?? reached;
    } while (hole === undefined && page.length === limit && next < wanted.length);
    if (hole !== undefined) user.v6 = hole.position - 1;
    else if (page.length < limit) user.v6 = user.last;
    else {
      user.v6 = reached;
      users.unsettle(user);
    }
    if (user.v6 !== from) users.change(user);
    remover.add(user, from, user.v6, now);
    for (const entry of behind) this.#flag(user, entry, now);
    return [...unfound, ...wanted.slice(next)];
  }

  #takeOutOfOrder(user: User, position: number, now: number): void {
    const { entries, totals, users } = this.#tables;
    const entry = position > user.v6 ? entries.at(user.no, position) : undefined;
    if (entry === undefined) {
      if (totals.deadLetters > 0) this.#deadLetters.confirm(user, position, now);
      return;
    }
    if (entry.isTaken || entry.kind !== MESSAGE) return;
    this.#count(user, entry);
    this.#flag(user, entry, now);
    if (position === user.v6 + 1) users.unsettle(user);
  }

  /** What waits up to a position does not wait any more. */
  #countUpTo(user: User, position: number): void {
    const { users, entries } = this.#tables;
    const { messages, bytes } = entries.waiting(user.no, Math.max(user.v6, user.taken), position);
    if (messages > 0) users.addWaiting(user, -messages, -bytes);
  }

  /** A message that the v6 device has taken does not wait any more. Call it before `v6` is moved. */
  #count(user: User, { position, size, isTaken }: EntryRow): void {
    if (waits(user, position, isTaken)) this.#tables.users.addWaiting(user, -1, -size);
  }

  #flag(user: User, { position }: EntryRow, now: number): void {
    const { entries, remover, users } = this.#tables;
    entries.flag(user.no, position);
    remover.add(user, position - 1, position, now);
    users.change(user);
  }
}

/** Valid positions, in order and each once. */
function sortedPositions(positions: readonly number[], last: number): readonly number[] {
  const isValid = (position: number) => Number.isSafeInteger(position) && position > 0 && position <= last;
  if (positions.length === 1) return positions.filter(isValid);
  return [...new Set(positions.filter(isValid))].sort((a, b) => a - b);
}
