import { randomUUID } from 'node:crypto';
import { contentDigest, SERVER_ID } from '@imcore/protocol';
import type {
  Advance,
  AppendResult,
  Confirmation,
  Conversation,
  ConversationQuery,
  DeadLetter,
  DeadLetterId,
  HistoryQuery,
  KeptRecord,
  LogPage,
  Position,
  QueueLimit,
  QueueSize,
  StoredDevice,
  StoredMessage,
  StoreHealth,
  Sweep,
} from '../ports/message-store.js';
import type { Retention } from '../ports/retention.js';
import { bytesOfMessage } from './memory-bytes.js';
import { MemoryDeadLetters } from './memory-dead-letters.js';
import { MemoryHistory } from './memory-history.js';
import type { MemoryLog } from './memory-log.js';
import { MemoryLogs } from './memory-logs.js';
import type { MemoryMessage } from './memory-message.js';
import { MemoryRecords, type OnDeleted } from './memory-records.js';

/**
 * The messages and logs of a store in memory. Several store objects can use them: each passes its own listener to the calls
 * that may delete dead letters. An entry is removed as soon as it may be.
 */
export class MemoryMessages {
  readonly identity = randomUUID();
  readonly epoch = randomUUID();
  readonly #retention: Required<Retention>;
  readonly #wallTime: () => number;
  readonly #logs = new MemoryLogs();
  readonly #dead = new MemoryDeadLetters();
  readonly #history: MemoryHistory;
  readonly #records: MemoryRecords;

  constructor(retention: Required<Retention>, maxRemembered: number, wallTime: () => number) {
    this.#retention = retention;
    this.#wallTime = wallTime;
    this.#history = new MemoryHistory(maxRemembered, retention.historyMs);
    this.#records = new MemoryRecords(retention, maxRemembered, this.#dead, this.#history);
  }

  get keepsHistory(): boolean {
    return this.#retention.historyMs > 0;
  }

  append(message: StoredMessage, onDeleted: OnDeleted): AppendResult {
    const key = keyOf(message);
    const known = this.#records.find(key);
    if (known !== undefined) return this.#duplicateOf(known);
    const id = this.#records.rememberedId(key);
    if (id !== undefined) return { outcome: 'duplicate', id, position: undefined };
    if (this.#isFullFor(message)) return { outcome: 'full', limit: 'maxTotalBytes' };
    const limit = this.#limitFor(message);
    if (limit === undefined) return this.#add(key, message);
    const { whenFull, maxBytesPerUser } = this.#retention;
    if (whenFull === 'reject-newest' || message.body.length > maxBytesPerUser)
      return { outcome: 'full', limit };
    const displaced = this.#makeRoom(message, onDeleted);
    return { ...this.#add(key, message), displaced };
  }

  page(userId: string, after: Position, limit: number, isForV6: boolean): LogPage {
    return this.#logs.page(userId, after, limit, isForV6);
  }

  /** Whether there is a message behind a position that the v6 device has not taken. */
  hasForV6(userId: string, after: Position): boolean {
    return this.#logs.get(userId)?.hasForV6(after) === true;
  }

  confirm(confirmations: readonly Confirmation[]): void {
    const now = this.#wallTime();
    for (const { userId, positions } of confirmations) {
      const log = this.#logs.get(userId);
      if (log === undefined) continue;
      for (const position of positions) this.#confirm(log, position, now);
    }
  }

  advance(advances: readonly Advance[]): void {
    const now = this.#wallTime();
    for (const { userId, deviceId, position } of advances) {
      const log = this.#logs.get(userId);
      if (log !== undefined) this.#records.remove(log, log.advance(deviceId, position), now);
    }
  }

  putDevice(userId: string, device: StoredDevice): StoredDevice {
    const log = this.#logs.of(userId);
    const stored = log.putDevice(device);
    this.#records.remove(log, log.removable(), this.#wallTime());
    return stored;
  }

  removeDevice(userId: string, deviceId: string): boolean {
    const log = this.#logs.get(userId);
    if (log?.removeDevice(deviceId) !== true) return false;
    this.#records.remove(log, log.removable(), this.#wallTime());
    return true;
  }

  devices(userId: string): readonly StoredDevice[] {
    return this.#logs.get(userId)?.devices() ?? [];
  }

  count(userId: string): QueueSize {
    return this.#logs.get(userId)?.size ?? { messages: 0, bytes: 0 };
  }

  expire(now: number, limit: number, onDeleted: OnDeleted): Sweep {
    this.#records.forget(now);
    this.#history.forget(now);
    const { maxAgeMs, maxLogEntries, deviceExpiryMs, maxTotalBytes } = this.#retention;
    const [deadLetters, trimmed, removedDevices]: [DeadLetter[], Trimmed[], RemovedDevice[]] = [[], [], []];
    for (const log of this.#logs.values()) {
      const { userId } = log;
      const gone = log.expireDevices(now - deviceExpiryMs);
      if (gone.length > 0) this.#records.remove(log, log.removable(), now);
      for (const device of gone) removedDevices.push({ userId, device });
      for (const entry of log.overdue(now - maxAgeMs, limit - deadLetters.length))
        deadLetters.push(this.#records.addDeadLetter(log, entry, 'expired', now, onDeleted));
      const beyond = log.beyond(maxLogEntries);
      if (beyond.length > 0) trimmed.push({ userId, entries: beyond.length });
      this.#records.remove(log, beyond, now);
    }
    this.#logs.forgetIdle(maxTotalBytes);
    return { deadLetters, trimmed, removedDevices };
  }

  deadLetters(after: DeadLetterId, limit: number, userId?: string): readonly DeadLetter[] {
    return this.#dead.list(after, limit, userId);
  }

  resend(ids: readonly DeadLetterId[], now: number): number {
    let count = 0;
    for (const id of ids) {
      const dead = this.#dead.get(id);
      if (dead === undefined || this.#limitFor(dead.deadLetter) !== undefined) continue;
      this.#records.resend(dead, this.#logs.of(dead.deadLetter.to), now);
      count += 1;
    }
    return count;
  }

  discard(ids: readonly DeadLetterId[]): number {
    const now = this.#wallTime();
    return ids.filter((id) => this.#records.discard(id, now)).length;
  }

  history(query: HistoryQuery): readonly KeptRecord[] {
    return this.#history.history(query);
  }

  conversations(query: ConversationQuery): readonly Conversation[] {
    return this.#history.conversations(query, ({ kept, entry }) => {
      return entry !== undefined && this.#logs.get(kept.to)?.waits(entry) === true;
    });
  }

  health(): StoreHealth {
    const { waiting, waitingBytes } = this.#logs.totals;
    return { ok: true, waiting, waitingBytes, deadLetters: this.#dead.size };
  }

  clear(): void {
    for (const held of [this.#logs, this.#records, this.#dead, this.#history]) held.clear();
  }

  #duplicateOf({ kept: { id, to }, entry, echo }: MemoryMessage): AppendResult {
    const isThere = entry !== undefined && this.#logs.get(to)?.hasTakenByV6(entry) === false;
    const position = isThere ? entry.position : undefined;
    return echo === undefined
      ? { outcome: 'duplicate', id, position }
      : { outcome: 'duplicate', id, position, echo: echo.position };
  }

  #isFullFor(message: StoredMessage): boolean {
    if (message.ignoresLimits) return false;
    const bytes = this.#records.bytes + this.#history.bytes + this.#logs.totals.memory;
    return bytes + bytesOfMessage(message) > this.#retention.maxTotalBytes;
  }

  #limitFor({ to, body, ignoresLimits }: StoredMessage): QueueLimit | undefined {
    if (ignoresLimits) return undefined;
    const log = this.#logs.get(to);
    if (log !== undefined) return log.limitFor(body.length, this.#retention);
    return body.length > this.#retention.maxBytesPerUser ? 'maxBytesPerUser' : undefined;
  }

  #makeRoom(message: StoredMessage, onDeleted: OnDeleted): readonly DeadLetter[] {
    const displaced: DeadLetter[] = [];
    const now = this.#wallTime();
    const log = this.#logs.of(message.to);
    while (log.limitFor(message.body.length, this.#retention) !== undefined) {
      const oldest = log.oldestWaiting;
      if (oldest === undefined) break;
      displaced.push(this.#records.addDeadLetter(log, oldest, 'displaced', now, onDeleted));
    }
    return displaced;
  }

  #add(key: string, given: StoredMessage): AppendResult & { readonly outcome: 'stored' } {
    const { to, from, echo } = given;
    const [message, { position }] = this.#records.add(key, this.#logs.of(to), given);
    const { id } = message.kept;
    if (echo !== true || from === to || from === SERVER_ID) return { outcome: 'stored', id, position };
    const echoed = this.#records.addEcho(message, this.#logs.of(from));
    return { outcome: 'stored', id, position, echo: echoed.position };
  }

  #confirm(log: MemoryLog, position: Position, now: number): void {
    const entry = log.take(position, now);
    if (entry !== undefined) {
      if (log.isRemovable(entry)) this.#records.removeEntry(log, entry, now);
      return;
    }
    const dead = this.#dead.at(log.userId, position);
    if (dead !== undefined) this.#records.confirm(dead, now);
  }
}

type Trimmed = Sweep['trimmed'][number];
type RemovedDevice = Sweep['removedDevices'][number];

function keyOf({ from, to, fingerprint, body }: StoredMessage): string {
  return `${contentDigest(body)} ${from.length}:${from}${to.length}:${to}${fingerprint}`;
}
