import { randomUUID } from 'node:crypto';
import { contentDigest, SERVER_ID } from '@imcore/protocol';
import type {
  Advance,
  AppendResult,
  Confirmation,
  Conversation,
  ConversationQuery,
  DeadLetter,
  DeadLetterCause,
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
import { bytesOfMessage, ECHO_BYTES } from './memory-bytes.js';
import { MemoryDeadLetters } from './memory-dead-letters.js';
import { MemoryHistory } from './memory-history.js';
import { MemoryKeys } from './memory-keys.js';
import type { MemoryLog } from './memory-log.js';
import { MemoryLogs } from './memory-logs.js';
import { type MemoryDeadLetter, type MemoryEntry, type MemoryMessage, newMessage } from './memory-message.js';

/** Called with dead letters that were deleted because there were more than `maxDeadLetters`. */
type OnDeleted = (deadLetters: readonly DeadLetter[]) => void;

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
  /** The messages that a log has, and dead letters, by {@link keyOf}. */
  readonly #messages = new Map<string, MemoryMessage>();
  readonly #keys: MemoryKeys;
  readonly #dead = new MemoryDeadLetters();
  readonly #history: MemoryHistory;
  /** Memory for the messages that a log has, their echoes, and dead letters. */
  #bytes = 0;
  #lastId = 0;

  constructor(retention: Required<Retention>, maxRemembered: number, wallTime: () => number) {
    const { rememberMs, historyMs } = retention;
    this.#retention = retention;
    this.#wallTime = wallTime;
    this.#keys = new MemoryKeys(maxRemembered, Math.max(rememberMs, historyMs));
    this.#history = new MemoryHistory(maxRemembered, historyMs);
  }

  get keepsHistory(): boolean {
    return this.#retention.historyMs > 0;
  }

  append(message: StoredMessage, onDeleted: OnDeleted): AppendResult {
    const key = keyOf(message);
    const known = this.#messages.get(key);
    if (known !== undefined) return this.#duplicateOf(known);
    const id = this.#keys.idOf(key);
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
      if (log !== undefined) this.#remove(log, log.advance(deviceId, position), now);
    }
  }

  putDevice(userId: string, device: StoredDevice): StoredDevice {
    const log = this.#logs.of(userId);
    const stored = log.putDevice(device);
    this.#remove(log, log.removable(), this.#wallTime());
    return stored;
  }

  removeDevice(userId: string, deviceId: string): boolean {
    const log = this.#logs.get(userId);
    if (log?.removeDevice(deviceId) !== true) return false;
    this.#remove(log, log.removable(), this.#wallTime());
    return true;
  }

  devices(userId: string): readonly StoredDevice[] {
    return this.#logs.get(userId)?.devices() ?? [];
  }

  count(userId: string): QueueSize {
    return this.#logs.get(userId)?.size ?? { messages: 0, bytes: 0 };
  }

  expire(now: number, limit: number, onDeleted: OnDeleted): Sweep {
    this.#keys.forget(now);
    this.#history.forget(now);
    const { maxAgeMs, maxLogEntries, deviceExpiryMs, maxTotalBytes } = this.#retention;
    const [deadLetters, trimmed, removedDevices]: [DeadLetter[], Trimmed[], RemovedDevice[]] = [[], [], []];
    for (const log of this.#logs.values()) {
      const { userId } = log;
      const gone = log.expireDevices(now - deviceExpiryMs);
      if (gone.length > 0) this.#remove(log, log.removable(), now);
      for (const device of gone) removedDevices.push({ userId, device });
      for (const entry of log.overdue(now - maxAgeMs, limit - deadLetters.length))
        deadLetters.push(this.#addDeadLetter(log, entry, 'expired', now, onDeleted));
      const beyond = log.beyond(maxLogEntries);
      if (beyond.length > 0) trimmed.push({ userId, entries: beyond.length });
      this.#remove(log, beyond, now);
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
      if (dead === undefined || this.#limitFor(dead.letter) !== undefined) continue;
      const { message } = this.#revive(dead);
      message.entry = this.#logs.of(message.kept.to).append(message, 'message', now);
      this.#history.add(message);
      count += 1;
    }
    return count;
  }

  discard(ids: readonly DeadLetterId[]): number {
    const now = this.#wallTime();
    const found = ids.map((id) => this.#discard(id, now));
    return found.filter((dead) => dead !== undefined).length;
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
    const { messages: waiting, bytes: waitingBytes } = this.#logs.waiting;
    return { ok: true, waiting, waitingBytes, deadLetters: this.#dead.size };
  }

  clear(): void {
    for (const held of [this.#logs, this.#messages, this.#keys, this.#dead, this.#history]) held.clear();
    this.#bytes = 0;
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
    const bytes = this.#bytes + this.#keys.bytes + this.#history.bytes + this.#logs.bytes;
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
      displaced.push(this.#addDeadLetter(log, oldest, 'displaced', now, onDeleted));
    }
    return displaced;
  }

  #add(key: string, given: StoredMessage): AppendResult & { readonly outcome: 'stored' } {
    const { to, from, fingerprint, body, acceptedAt } = given;
    this.#lastId += 1;
    const kept = { to, from, fingerprint, body, acceptedAt, id: this.#lastId };
    const message = newMessage(key, kept);
    const entry = this.#logs.of(to).append(message, 'message', acceptedAt);
    message.entry = entry;
    this.#messages.set(key, message);
    this.#bytes += bytesOfMessage(kept);
    this.#history.add(message);
    if (given.echo !== true || from === to || from === SERVER_ID)
      return { outcome: 'stored', id: kept.id, position: entry.position };
    return { outcome: 'stored', id: kept.id, position: entry.position, echo: this.#addEcho(message) };
  }

  #addEcho(message: MemoryMessage): Position {
    const log = this.#logs.of(message.kept.from);
    const echo = log.append(message, 'echo', message.kept.acceptedAt);
    if (log.isRemovable(echo)) {
      log.remove(echo);
    } else {
      message.echo = echo;
      this.#bytes += ECHO_BYTES;
    }
    return echo.position;
  }

  #confirm(log: MemoryLog, position: Position, now: number): void {
    const entry = log.take(position, now);
    if (entry !== undefined) {
      if (log.isRemovable(entry)) this.#removeEntry(log, entry, now);
      return;
    }
    const dead = this.#dead.at(log.userId, position);
    if (dead === undefined) return;
    const { message } = this.#revive(dead);
    this.#history.add(message);
    this.#dropUnused(message, now);
  }

  #remove(log: MemoryLog, entries: readonly MemoryEntry[], now: number): void {
    for (const entry of entries) this.#removeEntry(log, entry, now);
  }

  #removeEntry(log: MemoryLog, entry: MemoryEntry, now: number): void {
    const { message } = entry;
    log.remove(entry);
    if (entry.kind === 'message') {
      message.entry = undefined;
    } else {
      message.echo = undefined;
      this.#bytes -= ECHO_BYTES;
    }
    this.#dropUnused(message, now);
  }

  /** Drops a message that no log has and that is no dead letter; its key is remembered. */
  #dropUnused(message: MemoryMessage, now: number): void {
    const { key, kept, entry, echo, dead, isDiscarded } = message;
    if (entry !== undefined || echo !== undefined || dead !== undefined) return;
    this.#messages.delete(key);
    this.#bytes -= bytesOfMessage(kept);
    this.#keys.remember(key, kept.id, now);
    if (!isDiscarded) this.#history.keep(message, now);
  }

  #addDeadLetter(
    log: MemoryLog,
    { message, position }: MemoryEntry,
    cause: DeadLetterCause,
    now: number,
    onDeleted: OnDeleted,
  ): DeadLetter {
    if (message.entry !== undefined) log.remove(message.entry);
    message.entry = undefined;
    this.#history.remove(message);
    const dead = this.#dead.add(message, position, cause, now);
    message.dead = dead;
    while (this.#dead.size > this.#retention.maxDeadLetters && this.#dead.oldest !== undefined) {
      const oldest = this.#discard(this.#dead.oldest.letter.id, now);
      if (oldest !== undefined) onDeleted([oldest.letter]);
    }
    return dead.letter;
  }

  #discard(id: DeadLetterId, now: number): MemoryDeadLetter | undefined {
    const dead = this.#dead.get(id);
    if (dead === undefined) return undefined;
    const { message } = this.#revive(dead);
    message.isDiscarded = true;
    this.#dropUnused(message, now);
    return dead;
  }

  /** Deletes a dead letter. */
  #revive(dead: MemoryDeadLetter): MemoryDeadLetter {
    this.#dead.delete(dead);
    dead.message.dead = undefined;
    return dead;
  }
}

type Trimmed = Sweep['trimmed'][number];
type RemovedDevice = Sweep['removedDevices'][number];

function keyOf({ from, to, fingerprint, body }: StoredMessage): string {
  return `${contentDigest(body)} ${from.length}:${from}${to.length}:${to}${fingerprint}`;
}
