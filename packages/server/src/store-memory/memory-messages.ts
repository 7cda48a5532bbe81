import { randomUUID } from 'node:crypto';
import { contentDigest } from '@imcore/protocol';
import type {
  AppendResult,
  Confirmation,
  DeadLetter,
  DeadLetterCause,
  HistoryQuery,
  QueueLimit,
  QueueSize,
  StoredMessage,
  StoreHealth,
  StoreId,
  WaitingMessage,
} from '../ports/message-store.js';
import type { Retention } from '../ports/retention.js';
import { bytesOfMessage } from './memory-bytes.js';
import { MemoryHistory } from './memory-history.js';
import { MemoryQueue } from './memory-queue.js';

/** Called with dead letters that were deleted because there were more than `maxDeadLetters`. */
type OnDeleted = (deadLetters: readonly DeadLetter[]) => void;

const EMPTY = new MemoryQueue();

/**
 * The messages of a store in memory. Several store objects can use them: each passes its own listener to the calls that may
 * delete dead letters.
 */
export class MemoryMessages {
  readonly identity = randomUUID();
  readonly #retention: Required<Retention>;
  readonly #wallTime: () => number;
  readonly #queues = new Map<string, MemoryQueue>();
  /** The id of each waiting message, by {@link keyOf}. */
  readonly #waiting = new Map<string, StoreId>();
  readonly #dead = new Map<StoreId, DeadLetter>();
  readonly #deadKeys = new Set<string>();
  readonly #history: MemoryHistory;
  #waitingBytes = 0;
  /** Memory for waiting messages and dead letters. That of confirmed ones is counted by the history. */
  #bytes = 0;
  #lastId = 0;

  constructor(retention: Required<Retention>, maxRemembered: number, wallTime: () => number) {
    this.#retention = retention;
    this.#wallTime = wallTime;
    this.#history = new MemoryHistory(maxRemembered, retention.rememberMs, retention.historyMs);
  }

  get keepsHistory(): boolean {
    return this.#retention.historyMs > 0;
  }

  append(message: StoredMessage, onDeleted: OnDeleted): AppendResult {
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
    const displaced = this.#makeRoom(message, onDeleted);
    return { outcome: 'stored', id: this.#add(message, message.acceptedAt), displaced };
  }

  take(userId: string, after: StoreId | undefined, limit: number): readonly WaitingMessage[] {
    const page: WaitingMessage[] = [];
    for (const { message } of this.#queues.get(userId)?.values() ?? []) {
      if (page.length >= limit) break;
      if (after === undefined || message.id > after) page.push(message);
    }
    return page;
  }

  /** Whether a message waits behind an id. */
  hasBehind(userId: string, after: StoreId | undefined): boolean {
    for (const { message } of this.#queues.get(userId)?.values() ?? []) {
      if (after === undefined || message.id > after) return true;
    }
    return false;
  }

  confirm(confirmations: readonly Confirmation[]): void {
    const now = this.#wallTime();
    for (const { userId, ids } of confirmations) for (const id of ids) this.#confirm(userId, id, now);
  }

  count(userId: string): QueueSize {
    return this.#queues.get(userId)?.size ?? { messages: 0, bytes: 0 };
  }

  expire(now: number, limit: number, onDeleted: OnDeleted): readonly DeadLetter[] {
    this.#history.forget(now);
    const overdue = this.#overdue(now - this.#retention.maxAgeMs, limit);
    return overdue.map((message) => this.#addDeadLetter(message, 'expired', now, onDeleted));
  }

  deadLetters(after: StoreId | undefined, limit: number, userId?: string): readonly DeadLetter[] {
    const deadLetters = [...this.#dead.values()]
      .filter(({ id, to }) => (after === undefined || id > after) && (userId === undefined || to === userId))
      .sort((a, b) => a.id - b.id);
    return deadLetters.slice(0, limit);
  }

  resend(ids: readonly StoreId[], now: number): number {
    let count = 0;
    for (const id of ids) {
      const deadLetter = this.#dead.get(id);
      if (deadLetter === undefined || this.#limitFor(deadLetter) !== undefined) continue;
      this.#removeDeadLetter(deadLetter);
      this.#add(deadLetter, now);
      count += 1;
    }
    return count;
  }

  discard(ids: readonly StoreId[]): number {
    const now = this.#wallTime();
    let count = 0;
    for (const id of ids) {
      const deadLetter = this.#dead.get(id);
      if (deadLetter === undefined) continue;
      this.#removeDeadLetter(deadLetter);
      this.#history.remember(keyOf(deadLetter), deadLetter, now, false);
      count += 1;
    }
    return count;
  }

  history(query: HistoryQuery): readonly WaitingMessage[] {
    return this.#history.history(query);
  }

  health(): StoreHealth {
    return {
      ok: true,
      waiting: this.#waiting.size,
      waitingBytes: this.#waitingBytes,
      deadLetters: this.#dead.size,
    };
  }

  clear(): void {
    for (const held of [this.#queues, this.#waiting, this.#dead, this.#deadKeys, this.#history]) held.clear();
    this.#waitingBytes = 0;
    this.#bytes = 0;
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

  #makeRoom(message: StoredMessage, onDeleted: OnDeleted): readonly DeadLetter[] {
    const displaced: DeadLetter[] = [];
    const now = this.#wallTime();
    while (this.#limitFor(message) !== undefined) {
      const oldest = this.#queues.get(message.to)?.oldest;
      if (oldest === undefined) break;
      displaced.push(this.#addDeadLetter(oldest.message, 'displaced', now, onDeleted));
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

  #addDeadLetter(
    message: WaitingMessage,
    cause: DeadLetterCause,
    now: number,
    onDeleted: OnDeleted,
  ): DeadLetter {
    this.#remove(message.to, message.id);
    this.#history.removeFromHistory(message);
    const deadLetter: DeadLetter = { ...message, cause, deadLetteredAt: now };
    this.#dead.set(deadLetter.id, deadLetter);
    this.#deadKeys.add(keyOf(deadLetter));
    this.#bytes += bytesOfMessage(deadLetter);
    for (const oldest of this.#dead.values()) {
      if (this.#dead.size <= this.#retention.maxDeadLetters) break;
      this.#removeDeadLetter(oldest);
      onDeleted([oldest]);
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
