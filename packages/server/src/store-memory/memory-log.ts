import type { LogPage, Position, QueueLimit, QueueSize, StoredDevice } from '../ports/message-store.js';
import type { Retention } from '../ports/retention.js';
import { MemoryDevices } from './memory-devices.js';
import { type MemoryEntry, type MemoryMessage, toEntry } from './memory-message.js';

/** Sums of all logs. */
export interface LogTotals {
  /** Messages that wait. */
  waiting: number;
  waitingBytes: number;
  /** Memory for logs and devices, without entries. */
  memory: number;
}

/**
 * The log of one user in memory, with the user's devices. It decides what waits and what may be removed; its owner removes
 * entries, with {@link MemoryLog.remove}.
 */
export class MemoryLog {
  readonly userId: string;
  readonly #devices: MemoryDevices;
  /** In the order of their positions. */
  readonly #entries = new Map<Position, MemoryEntry>();
  readonly #totals: LogTotals;
  #waiting = 0;
  #waitingBytes = 0;
  #last: Position;
  /** All entries up to it are removed. May lag behind: see `removed`. */
  #removed: Position;
  /** The largest position that any named device has reported. */
  #takenByNamed: Position;
  /** The v6 device has taken everything up to it. May lag behind: see {@link MemoryLog.#passTaken}. */
  #takenByV6: Position;
  /** No message waits up to it. May lag behind. */
  #settled: Position;

  /** @param last where the positions go on. */
  constructor(userId: string, totals: LogTotals, last: Position) {
    this.userId = userId;
    this.#totals = totals;
    this.#devices = new MemoryDevices(totals);
    this.#last = last;
    this.#removed = last;
    this.#takenByNamed = last;
    this.#takenByV6 = last;
    this.#settled = last;
  }

  get last(): Position {
    return this.#last;
  }

  get hasNamedDevice(): boolean {
    return this.#devices.named > 0;
  }

  get size(): QueueSize {
    return { messages: this.#waiting, bytes: this.#waitingBytes };
  }

  /** Whether the log holds nothing but its last position: no entries, and no named devices. */
  get isIdle(): boolean {
    return this.#entries.size === 0 && this.#devices.named === 0;
  }

  /** The position before the first entry that the log still has. */
  get removed(): Position {
    while (this.#removed < this.#last && !this.#entries.has(this.#removed + 1)) this.#removed += 1;
    return this.#removed;
  }

  /** Returns the limit that a body of so many bytes would exceed; undefined if there is room. */
  limitFor(bytes: number, retention: Required<Retention>): QueueLimit | undefined {
    if (this.#waitingBytes + bytes > retention.maxBytesPerUser) return 'maxBytesPerUser';
    return this.#waiting >= retention.maxPerUser ? 'maxPerUser' : undefined;
  }

  append(message: MemoryMessage, kind: MemoryEntry['kind'], since: number): MemoryEntry {
    this.#last += 1;
    const entry: MemoryEntry = { message, position: this.#last, kind, since, isTaken: false };
    this.#entries.set(entry.position, entry);
    if (kind === 'message') this.#count(1, message.kept.body.length);
    return entry;
  }

  /** Returns a page for a named device, or for the v6 device. */
  page(after: Position, limit: number, isForV6: boolean): LogPage {
    const entries = [];
    for (const entry of this.#between(isForV6 ? this.#passTaken(after) : after, this.#last)) {
      if (entries.length >= limit) break;
      if (!isForV6 || this.#lacksV6(entry)) entries.push(toEntry(entry));
    }
    return { entries, removed: this.removed, last: this.#last, hasNamedDevice: this.hasNamedDevice };
  }

  /** Whether there is a message after `after` that the v6 device has not taken. */
  hasForV6(after: Position): boolean {
    for (const entry of this.#between(this.#passTaken(after), this.#last)) {
      if (this.#lacksV6(entry)) return true;
    }
    return false;
  }

  hasTakenByV6(entry: MemoryEntry): boolean {
    return entry.isTaken || entry.position <= this.#takenByV6;
  }

  waits(entry: MemoryEntry): boolean {
    return entry.position > this.#takenByNamed && this.#lacksV6(entry);
  }

  /** Returns the oldest message that waits. */
  get oldestWaiting(): MemoryEntry | undefined {
    for (; this.#settled < this.#last; this.#settled += 1) {
      const entry = this.#entries.get(this.#settled + 1);
      if (entry !== undefined && this.waits(entry)) return entry;
    }
    return undefined;
  }

  /** Returns the messages that wait since before an instant. Stops at the first one that waits for less time. */
  overdue(before: number, limit: number): readonly MemoryEntry[] {
    const overdue: MemoryEntry[] = [];
    const first = this.#waiting === 0 ? undefined : this.oldestWaiting;
    if (first === undefined) return overdue;
    for (const entry of this.#between(first.position - 1, this.#last)) {
      if (overdue.length >= limit) break;
      if (!this.waits(entry)) continue;
      if (entry.since >= before) break;
      overdue.push(entry);
    }
    return overdue;
  }

  /** The v6 device takes a message. Returns the entry; `undefined` if there is none that it has not taken. */
  take(position: Position, now: number): MemoryEntry | undefined {
    if (position >= 1 && position <= this.#last && !this.#devices.hasV6)
      this.#devices.setV6({ kind: '', name: '', seenAt: now });
    const entry = this.#entries.get(position);
    if (entry === undefined || !this.#lacksV6(entry)) return undefined;
    this.#settle(entry);
    entry.isTaken = true;
    return entry;
  }

  /** A named device takes everything up to a position. Returns what may be removed now. */
  advance(deviceId: string, position: Position): readonly MemoryEntry[] {
    const before = this.#devices.takenByNamed;
    if (position > this.#last || !this.#devices.advance(deviceId, position)) return [];
    this.#takeByNamed(position);
    return this.#removableIn(before, this.#devices.takenByNamed);
  }

  devices(): readonly StoredDevice[] {
    return this.#devices.list(this.#passTaken(0));
  }

  /** Adds or updates a device. The caller then removes what {@link removable} returns. */
  putDevice(device: StoredDevice): StoredDevice {
    const { id, kind, name, seenAt } = device;
    const position = Math.max(0, Math.min(device.position, this.#last));
    if (id === '') {
      if (!this.#devices.hasV6) this.#takeByV6(position);
      this.#devices.setV6(device);
      return { id, kind, name, position: this.#passTaken(0), seenAt };
    }
    const known = this.#devices.get(id);
    const stored = { id, kind, name, position: known?.position ?? position, seenAt };
    this.#devices.set(stored);
    this.#takeByNamed(stored.position);
    return stored;
  }

  removeDevice(id: string): boolean {
    return this.#devices.delete(id);
  }

  /** Removes and returns the devices that were last seen before an instant. */
  expireDevices(before: number): readonly StoredDevice[] {
    return this.#devices.expire(before, this.#passTaken(0));
  }

  /** Returns everything that may be removed. */
  removable(): readonly MemoryEntry[] {
    return this.#removableIn(0, this.#last);
  }

  isRemovable(entry: MemoryEntry): boolean {
    if (entry.position > this.#devices.takenByNamed) return false;
    return entry.kind === 'echo' || !this.#devices.holdsForV6 || this.hasTakenByV6(entry);
  }

  /** Returns the oldest entries that do not wait, as many as the log has beyond a limit. */
  beyond(maxEntries: number): readonly MemoryEntry[] {
    const beyond: MemoryEntry[] = [];
    let excess = this.#entries.size - maxEntries;
    if (excess <= 0) return beyond;
    for (const entry of this.#between(0, this.#last)) {
      if (this.waits(entry)) continue;
      beyond.push(entry);
      excess -= 1;
      if (excess === 0) break;
    }
    return beyond;
  }

  remove(entry: MemoryEntry): void {
    this.#settle(entry);
    this.#entries.delete(entry.position);
  }

  /** Whether the entry is for the v6 device, and it has not taken it. */
  #lacksV6(entry: MemoryEntry): boolean {
    return entry.kind === 'message' && !this.hasTakenByV6(entry);
  }

  /** Counts a message as no longer waiting. Call it before the message is marked as taken. */
  #settle(entry: MemoryEntry): void {
    if (this.waits(entry)) this.#count(-1, -entry.message.kept.body.length);
  }

  #count(messages: number, bytes: number): void {
    this.#waiting += messages;
    this.#waitingBytes += bytes;
    this.#totals.waiting += messages;
    this.#totals.waitingBytes += bytes;
  }

  #takeByNamed(position: Position): void {
    for (const entry of this.#between(this.#takenByNamed, position)) this.#settle(entry);
    this.#takenByNamed = Math.max(this.#takenByNamed, position);
  }

  #takeByV6(position: Position): void {
    for (const entry of this.#between(this.#takenByV6, position)) this.#settle(entry);
    this.#takenByV6 = Math.max(this.#takenByV6, position);
  }

  /**
   * Moves the position of the v6 device over what it has taken, and what it never gets. Returns that position, or `after` if
   * it is larger.
   */
  #passTaken(after: Position): Position {
    while (this.#takenByV6 < this.#last) {
      const next = this.#entries.get(this.#takenByV6 + 1);
      if (next?.kind === 'message' && !next.isTaken) break;
      this.#takenByV6 += 1;
    }
    return Math.max(this.#takenByV6, after);
  }

  #removableIn(after: Position, upTo: Position): readonly MemoryEntry[] {
    const removable: MemoryEntry[] = [];
    for (const entry of this.#between(after, upTo)) if (this.isRemovable(entry)) removable.push(entry);
    return removable;
  }

  /** The entries after `after`, up to `upTo`: looked up by position or, if most are removed, found among all entries. */
  *#between(after: Position, upTo: Position): Generator<MemoryEntry> {
    const [from, end] = [Math.max(after, this.removed), Math.min(upTo, this.#last)];
    if (end - from > 2 * this.#entries.size) {
      for (const entry of this.#entries.values())
        if (entry.position > from && entry.position <= end) yield entry;
      return;
    }
    for (let position = from + 1; position <= end; position += 1) {
      const entry = this.#entries.get(position);
      if (entry !== undefined) yield entry;
    }
  }
}
