import { contentDigest } from '@imcore/protocol';
import { checkInteger, checkNames, type OptionNames } from '../check-options.js';
import type {
  AppendResult,
  Confirmation,
  DeadLetter,
  DeadLetterCause,
  HistoryQuery,
  MessageStore,
  QueueLimit,
  QueueSize,
  StoredMessage,
  StoreHealth,
  StoreId,
  WaitingMessage,
} from '../ports/message-store.js';
import {
  completeRetention,
  DEFAULT_RETENTION,
  RETENTION_OPTIONS,
  type Retention,
} from '../ports/retention.js';
import { systemClock } from '../timers/system-clock.js';
import { bytesOfMessage, heapShare } from './memory-bytes.js';
import { MemoryHistory } from './memory-history.js';
import { MemoryQueue } from './memory-queue.js';

/** How much a store in memory keeps, and for how long. */
export interface MemoryStoreOptions extends Retention {
  /** Maximum number of confirmed messages that are remembered and kept as history. Default 100 000. */
  readonly maxRemembered?: number;
  /** Milliseconds since 1970. Default: the machine's. */
  readonly wallTime?: () => number;
}

const OPTIONS: OptionNames<MemoryStoreOptions> = {
  ...RETENTION_OPTIONS,
  maxRemembered: true,
  wallTime: true,
};
const EMPTY = new MemoryQueue();
const DEFAULTS = { ...DEFAULT_RETENTION, maxPerUser: 10_000, maxDeadLetters: 10_000 };

/** The part of the heap that a store may fill by default. */
const HEAP_SHARE = 1 / 4;

/**
 * Keeps messages in this process's memory: they survive a session, not the process. For tests and development, and for
 * servers that may lose stored messages at a restart. The reference implementation of {@link MessageStore}.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 */
export function memoryStore(options: MemoryStoreOptions = {}): MessageStore {
  checkNames(options, OPTIONS);
  checkInteger('maxRemembered', options.maxRemembered, 0);
  return new MemoryStore(options);
}

class MemoryStore implements MessageStore {
  readonly durable = false;
  readonly keepsHistory: boolean;
  readonly #retention: Required<Retention>;
  readonly #wallTime: () => number;
  readonly #queues = new Map<string, MemoryQueue>();
  /** The id of each waiting message, by {@link keyOf}. */
  readonly #waiting = new Map<string, StoreId>();
  readonly #dead = new Map<StoreId, DeadLetter>();
  readonly #deadKeys = new Set<string>();
  readonly #history: MemoryHistory;
  #onDeleted: (deadLetters: readonly DeadLetter[]) => void = () => {};
  #waitingBytes = 0;
  /** Memory for waiting messages and dead letters. That of confirmed ones is counted by the history. */
  #bytes = 0;
  #lastId = 0;

  constructor(options: MemoryStoreOptions) {
    const defaults = { ...DEFAULTS, maxTotalBytes: heapShare(HEAP_SHARE) };
    this.#retention = completeRetention(options, defaults);
    this.#wallTime = options.wallTime ?? systemClock.wallTime;
    const { rememberMs, historyMs } = this.#retention;
    this.keepsHistory = historyMs > 0;
    this.#history = new MemoryHistory(options.maxRemembered ?? 100_000, rememberMs, historyMs);
  }

  append(messages: readonly StoredMessage[]): Promise<readonly AppendResult[]> {
    return Promise.resolve(messages.map((message) => this.#append(message)));
  }

  isEmptyFor(userId: string): boolean {
    return (this.#queues.get(userId)?.size.messages ?? 0) === 0;
  }

  take(userId: string, after: StoreId | undefined, limit: number): Promise<readonly WaitingMessage[]> {
    const page: WaitingMessage[] = [];
    for (const { message } of this.#queues.get(userId)?.values() ?? []) {
      if (page.length >= limit) break;
      if (after === undefined || message.id > after) page.push(message);
    }
    return Promise.resolve(page);
  }

  confirm(confirmations: readonly Confirmation[]): Promise<void> {
    const now = this.#wallTime();
    for (const { userId, ids } of confirmations) for (const id of ids) this.#confirm(userId, id, now);
    return Promise.resolve();
  }

  count(userId: string): Promise<QueueSize> {
    return Promise.resolve(this.#queues.get(userId)?.size ?? { messages: 0, bytes: 0 });
  }

  expire(now: number, limit: number): Promise<readonly DeadLetter[]> {
    this.#history.forget(now);
    const overdue = this.#overdue(now - this.#retention.maxAgeMs, limit);
    return Promise.resolve(overdue.map((message) => this.#addDeadLetter(message, 'expired', now)));
  }

  deadLetters(after: StoreId | undefined, limit: number, userId?: string): Promise<readonly DeadLetter[]> {
    const deadLetters = [...this.#dead.values()]
      .filter(({ id, to }) => (after === undefined || id > after) && (userId === undefined || to === userId))
      .sort((a, b) => a.id - b.id);
    return Promise.resolve(deadLetters.slice(0, limit));
  }

  resend(ids: readonly StoreId[], now: number): Promise<number> {
    let count = 0;
    for (const id of ids) {
      const deadLetter = this.#dead.get(id);
      if (deadLetter === undefined || this.#limitFor(deadLetter) !== undefined) continue;
      this.#removeDeadLetter(deadLetter);
      this.#add(deadLetter, now);
      count += 1;
    }
    return Promise.resolve(count);
  }

  discard(ids: readonly StoreId[]): Promise<number> {
    const now = this.#wallTime();
    let count = 0;
    for (const id of ids) {
      const deadLetter = this.#dead.get(id);
      if (deadLetter === undefined) continue;
      this.#removeDeadLetter(deadLetter);
      this.#history.remember(keyOf(deadLetter), deadLetter, now, false);
      count += 1;
    }
    return Promise.resolve(count);
  }

  onDeadLettersDeleted(listener: (deadLetters: readonly DeadLetter[]) => void): void {
    this.#onDeleted = listener;
  }

  history(query: HistoryQuery): Promise<readonly WaitingMessage[]> {
    return Promise.resolve(this.#history.history(query));
  }

  health(): Promise<StoreHealth> {
    return Promise.resolve({
      ok: true,
      waiting: this.#waiting.size,
      waitingBytes: this.#waitingBytes,
      deadLetters: this.#dead.size,
    });
  }

  close(): Promise<void> {
    for (const held of [this.#queues, this.#waiting, this.#dead, this.#deadKeys, this.#history]) held.clear();
    this.#waitingBytes = 0;
    this.#bytes = 0;
    return Promise.resolve();
  }

  #append(message: StoredMessage): AppendResult {
    const key = keyOf(message);
    const known = this.#waiting.get(key);
    if (known !== undefined) return { outcome: 'duplicate', id: known };
    if (this.#deadKeys.has(key) || this.#history.has(key)) return { outcome: 'duplicate', id: undefined };
    if (this.#isFullFor(message)) return { outcome: 'full', limit: 'maxTotalBytes' };
    const limit = this.#limitFor(message);
    if (limit === undefined) return { outcome: 'stored', id: this.#add(message, message.acceptedAt) };
    const { whenFull, maxBytesPerUser } = this.#retention;
    if (whenFull === 'reject-newest' || message.body.length > maxBytesPerUser)
      return { outcome: 'full', limit };
    const displaced = this.#makeRoom(message);
    return { outcome: 'stored', id: this.#add(message, message.acceptedAt), displaced };
  }

  #isFullFor(message: StoredMessage): boolean {
    if (message.ignoresLimits) return false;
    return this.#bytes + this.#history.bytes + bytesOfMessage(message) > this.#retention.maxTotalBytes;
  }

  #limitFor({ to, body, ignoresLimits }: StoredMessage): QueueLimit | undefined {
    if (ignoresLimits) return undefined;
    return (this.#queues.get(to) ?? EMPTY).limitFor(body.length, this.#retention);
  }

  /** Messages that wait since before an instant. Queues are in order, so that only their beginnings are read. */
  #overdue(before: number, limit: number): readonly WaitingMessage[] {
    const overdue: WaitingMessage[] = [];
    for (const queue of this.#queues.values()) {
      for (const { message, since } of queue.values()) {
        if (overdue.length >= limit) return overdue;
        if (since >= before) break;
        overdue.push(message);
      }
    }
    return overdue;
  }

  #makeRoom(message: StoredMessage): readonly DeadLetter[] {
    const displaced: DeadLetter[] = [];
    const now = this.#wallTime();
    while (this.#limitFor(message) !== undefined) {
      const oldest = this.#queues.get(message.to)?.oldest;
      if (oldest === undefined) break;
      displaced.push(this.#addDeadLetter(oldest.message, 'displaced', now));
    }
    return displaced;
  }

  #add({ to, from, fingerprint, body, acceptedAt }: StoredMessage, since: number): StoreId {
    this.#lastId += 1;
    const message = { to, from, fingerprint, body, acceptedAt, id: this.#lastId };
    this.#queueOf(to).add({ message, since });
    this.#waiting.set(keyOf(message), message.id);
    this.#waitingBytes += body.length;
    this.#bytes += bytesOfMessage(message);
    this.#history.addToHistory(message);
    return message.id;
  }

  /** Removes a message from its queue. */
  #remove(userId: string, id: StoreId): WaitingMessage | undefined {
    const queue = this.#queues.get(userId);
    const message = queue?.remove(id)?.message;
    if (queue?.size.messages === 0) this.#queues.delete(userId);
    if (message === undefined) return undefined;
    this.#waiting.delete(keyOf(message));
    this.#waitingBytes -= message.body.length;
    this.#bytes -= bytesOfMessage(message);
    return message;
  }

  #confirm(userId: string, id: StoreId, now: number): void {
    const message = this.#remove(userId, id);
    if (message !== undefined) this.#history.remember(keyOf(message), message, now, true);
    const deadLetter = this.#dead.get(id);
    if (deadLetter === undefined || deadLetter.to !== userId) return;
    this.#removeDeadLetter(deadLetter);
    const { cause, deadLetteredAt, ...confirmed } = deadLetter;
    this.#history.addToHistory(confirmed);
    this.#history.remember(keyOf(deadLetter), confirmed, now, true);
  }

  #addDeadLetter(message: WaitingMessage, cause: DeadLetterCause, now: number): DeadLetter {
    this.#remove(message.to, message.id);
    this.#history.removeFromHistory(message);
    const deadLetter: DeadLetter = { ...message, cause, deadLetteredAt: now };
    this.#dead.set(deadLetter.id, deadLetter);
    this.#deadKeys.add(keyOf(deadLetter));
    this.#bytes += bytesOfMessage(deadLetter);
    for (const oldest of this.#dead.values()) {
      if (this.#dead.size <= this.#retention.maxDeadLetters) break;
      this.#removeDeadLetter(oldest);
      this.#onDeleted([oldest]);
    }
    return deadLetter;
  }

  #removeDeadLetter(deadLetter: DeadLetter): void {
    this.#dead.delete(deadLetter.id);
    this.#deadKeys.delete(keyOf(deadLetter));
    this.#bytes -= bytesOfMessage(deadLetter);
  }

  #queueOf(userId: string): MemoryQueue {
    let queue = this.#queues.get(userId);
    if (queue === undefined) {
      queue = new MemoryQueue();
      this.#queues.set(userId, queue);
    }
    return queue;
  }
}

function keyOf({ from, to, fingerprint, body }: StoredMessage): string {
  return `${contentDigest(body)} ${from.length}:${from}${to.length}:${to}${fingerprint}`;
}
