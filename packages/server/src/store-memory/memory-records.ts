import type {
  DeadLetter,
  DeadLetterCause,
  DeadLetterId,
  KeptRecord,
  MessageId,
} from '../ports/message-store.js';
import type { Retention } from '../ports/retention.js';
import { bytesOfMessage, DEAD_LETTER_BYTES, ECHO_BYTES } from './memory-bytes.js';
import type { MemoryDeadLetters } from './memory-dead-letters.js';
import type { MemoryHistory } from './memory-history.js';
import { MemoryKeys } from './memory-keys.js';
import type { MemoryLog } from './memory-log.js';
import { type MemoryDeadLetter, type MemoryEntry, type MemoryMessage, newMessage } from './memory-message.js';

/** Called with dead letters that were deleted because there were more than `maxDeadLetters`. */
export type OnDeleted = (deadLetters: readonly DeadLetter[]) => void;

/**
 * The messages of a store in memory, each once, by key. A message stays as long as it is a dead letter or in a log; then its
 * key is remembered, and the history keeps it.
 */
export class MemoryRecords {
  readonly #maxDeadLetters: number;
  readonly #dead: MemoryDeadLetters;
  readonly #history: MemoryHistory;
  readonly #keys: MemoryKeys;
  readonly #messages = new Map<string, MemoryMessage>();
  #bytes = 0;
  #lastId: MessageId = 0;

  constructor(
    retention: Required<Retention>,
    maxRemembered: number,
    dead: MemoryDeadLetters,
    history: MemoryHistory,
  ) {
    const { maxDeadLetters, rememberMs, historyMs } = retention;
    this.#maxDeadLetters = maxDeadLetters;
    this.#dead = dead;
    this.#history = history;
    this.#keys = new MemoryKeys(maxRemembered, Math.max(rememberMs, historyMs));
  }

  /** Memory for the messages, their echoes, dead letters, and remembered keys. */
  get bytes(): number {
    return this.#bytes + this.#keys.bytes + this.#dead.size * DEAD_LETTER_BYTES;
  }

  find(key: string): MemoryMessage | undefined {
    return this.#messages.get(key);
  }

  /** Returns the id of a message that is no longer here, but whose key is remembered. */
  rememberedId(key: string): MessageId | undefined {
    return this.#keys.idOf(key);
  }

  /** Appends a new message to the log of its receiver. */
  add(key: string, log: MemoryLog, fields: Omit<KeptRecord, 'id'>): readonly [MemoryMessage, MemoryEntry] {
    const { to, from, fingerprint, body, acceptedAt } = fields;
    this.#lastId += 1;
    const message = newMessage(key, { to, from, fingerprint, body, acceptedAt, id: this.#lastId });
    const entry = log.append(message, 'message', acceptedAt);
    this.#messages.set(key, message);
    this.#bytes += bytesOfMessage(message.kept);
    this.#history.add(message);
    message.entry = entry;
    return [message, entry];
  }

  /** Appends an echo of a message to the log of its sender. */
  addEcho(message: MemoryMessage, log: MemoryLog): MemoryEntry {
    const echo = log.append(message, 'echo', message.kept.acceptedAt);
    if (log.isRemovable(echo)) {
      log.remove(echo);
    } else {
      message.echo = echo;
      this.#bytes += ECHO_BYTES;
    }
    return echo;
  }

  /** Removes entries from a log. */
  remove(log: MemoryLog, entries: readonly MemoryEntry[], now: number): void {
    for (const entry of entries) this.removeEntry(log, entry, now);
  }

  removeEntry(log: MemoryLog, entry: MemoryEntry, now: number): void {
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

  /** Turns a message that waits into a dead letter. Beyond the maximum the oldest are deleted. */
  addDeadLetter(
    log: MemoryLog,
    entry: MemoryEntry,
    cause: DeadLetterCause,
    now: number,
    onDeleted: OnDeleted,
  ): DeadLetter {
    const { message, position } = entry;
    log.remove(entry);
    message.entry = undefined;
    this.#history.remove(message);
    const dead = this.#dead.add(message, position, cause, now);
    message.dead = dead;
    while (this.#dead.size > this.#maxDeadLetters && this.#dead.oldest !== undefined) {
      const { deadLetter } = this.#dead.oldest;
      this.discard(deadLetter.id, now);
      onDeleted([deadLetter]);
    }
    return dead.deadLetter;
  }

  /** Appends the message of a dead letter to the log of its receiver again. */
  resend(dead: MemoryDeadLetter, log: MemoryLog, now: number): void {
    const message = this.#revive(dead);
    message.entry = log.append(message, 'message', now);
    this.#history.add(message);
  }

  /** The receiver has taken a message that is a dead letter. */
  confirm(dead: MemoryDeadLetter, now: number): void {
    const message = this.#revive(dead);
    this.#history.add(message);
    this.#dropUnused(message, now);
  }

  /** Deletes a dead letter. Returns whether it was there. */
  discard(id: DeadLetterId, now: number): boolean {
    const dead = this.#dead.get(id);
    if (dead === undefined) return false;
    const message = this.#revive(dead);
    this.#dropUnused(message, now);
    return true;
  }

  /** Forgets keys that were remembered long enough. */
  forget(now: number): void {
    this.#keys.forget(now);
  }

  clear(): void {
    this.#messages.clear();
    this.#keys.clear();
    this.#bytes = 0;
  }

  /** Removes a dead letter, and returns its message, which is then neither in the receiver's log nor a dead letter. */
  #revive(dead: MemoryDeadLetter): MemoryMessage {
    this.#dead.delete(dead);
    dead.message.dead = undefined;
    return dead.message;
  }

  #dropUnused(message: MemoryMessage, now: number): void {
    const { key, kept, entry, echo, dead } = message;
    if (entry !== undefined || echo !== undefined || dead !== undefined) return;
    this.#messages.delete(key);
    this.#bytes -= bytesOfMessage(kept);
    this.#keys.remember(key, kept.id, now);
    this.#history.keep(message, now);
  }
}
