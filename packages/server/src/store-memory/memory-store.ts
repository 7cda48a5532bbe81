import { checkInteger, checkNames, type OptionNames } from '../check-options.js';
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
  LogPlace,
  MessageStore,
  Position,
  QueueSize,
  SharedStore,
  StoredDevice,
  StoredMessage,
  StoreHealth,
  Sweep,
} from '../ports/message-store.js';
import {
  completeRetention,
  DEFAULT_RETENTION,
  RETENTION_OPTIONS,
  type Retention,
} from '../ports/retention.js';
import { systemClock } from '../timers/system-clock.js';
import { heapShare } from './memory-bytes.js';
import { MemoryMessages } from './memory-messages.js';

/** How much a store in memory keeps, and for how long. */
export interface MemoryStoreOptions extends Retention {
  /** Maximum number of messages that are remembered, and kept as history, after all devices have taken them. Default 100 000. */
  readonly maxRemembered?: number;
  /** Milliseconds since 1970. Default: the machine's. */
  readonly wallTime?: () => number;
}

/** A store in memory, which several servers of one process can share. */
export interface MemoryStore extends MessageStore {
  readonly shared: SharedStore;
  /**
   * Returns another store with the same messages, for another server of this process: each server closes its own store. The
   * messages are removed when all of these stores are closed.
   */
  share(): MemoryStore;
}

const OPTIONS: OptionNames<MemoryStoreOptions> = {
  ...RETENTION_OPTIONS,
  maxRemembered: true,
  wallTime: true,
};
const DEFAULTS = {
  ...DEFAULT_RETENTION,
  maxPerUser: 10_000,
  maxDeadLetters: 10_000,
  maxLogEntries: 10_000,
};

/** The part of the heap that a store may fill by default. */
const HEAP_SHARE = 1 / 4;

/**
 * Keeps messages in this process's memory: they survive a session, not the process. For tests and development, and for
 * servers that may lose stored messages at a restart. The reference implementation of {@link MessageStore}.
 *
 * An empty log stays, because it knows its last position. If logs fill more than an eighth of `maxTotalBytes`, the oldest of
 * users without named devices are forgotten, with what is known of their v6 devices; positions of these users go on.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  checkNames(options, OPTIONS);
  checkInteger('maxRemembered', options.maxRemembered, 0);
  const retention = completeRetention(options, { ...DEFAULTS, maxTotalBytes: heapShare(HEAP_SHARE) });
  const { maxRemembered = 100_000, wallTime = systemClock.wallTime } = options;
  return new OwnMemoryStore(new MemoryMessages(retention, maxRemembered, wallTime), new Set());
}

/** The store of one server. */
class OwnMemoryStore implements MemoryStore {
  readonly durable = false;
  readonly keepsHistory: boolean;
  readonly shared: SharedStore;
  readonly #messages: MemoryMessages;
  /** The stores with the same messages that are not closed. */
  readonly #open: Set<MemoryStore>;
  #onDeleted: (deadLetters: readonly DeadLetter[]) => void = () => {};

  constructor(messages: MemoryMessages, open: Set<MemoryStore>) {
    this.#messages = messages;
    this.#open = open;
    open.add(this);
    this.keepsHistory = messages.keepsHistory;
    this.shared = {
      identity: () => Promise.resolve(messages.identity),
      whichWait: (places) => Promise.resolve(waitingOf(messages, places)),
    };
  }

  share(): MemoryStore {
    return new OwnMemoryStore(this.#messages, this.#open);
  }

  epoch(): Promise<string> {
    return Promise.resolve(this.#messages.epoch);
  }

  append(messages: readonly StoredMessage[]): Promise<readonly AppendResult[]> {
    const results = messages.map((message) => this.#messages.append(message, this.#onDeleted));
    return Promise.resolve(results);
  }

  isEmptyFor(userId: string): boolean {
    return !this.#messages.hasForV6(userId, 0);
  }

  take(userId: string, after: Position, limit: number): Promise<LogPage> {
    return Promise.resolve(this.#messages.page(userId, after, limit, true));
  }

  read(userId: string, after: Position, limit: number): Promise<LogPage> {
    return Promise.resolve(this.#messages.page(userId, after, limit, false));
  }

  confirm(confirmations: readonly Confirmation[]): Promise<void> {
    this.#messages.confirm(confirmations);
    return Promise.resolve();
  }

  advance(advances: readonly Advance[]): Promise<void> {
    this.#messages.advance(advances);
    return Promise.resolve();
  }

  putDevice(userId: string, device: StoredDevice): Promise<StoredDevice> {
    return Promise.resolve(this.#messages.putDevice(userId, device));
  }

  removeDevice(userId: string, deviceId: string): Promise<boolean> {
    return Promise.resolve(this.#messages.removeDevice(userId, deviceId));
  }

  devices(userId: string): Promise<readonly StoredDevice[]> {
    return Promise.resolve(this.#messages.devices(userId));
  }

  count(userId: string): Promise<QueueSize> {
    return Promise.resolve(this.#messages.count(userId));
  }

  expire(now: number, limit: number): Promise<Sweep> {
    return Promise.resolve(this.#messages.expire(now, limit, this.#onDeleted));
  }

  deadLetters(after: DeadLetterId, limit: number, userId?: string): Promise<readonly DeadLetter[]> {
    return Promise.resolve(this.#messages.deadLetters(after, limit, userId));
  }

  resend(ids: readonly DeadLetterId[], now: number): Promise<number> {
    return Promise.resolve(this.#messages.resend(ids, now));
  }

  discard(ids: readonly DeadLetterId[]): Promise<number> {
    return Promise.resolve(this.#messages.discard(ids));
  }

  onDeadLettersDeleted(listener: (deadLetters: readonly DeadLetter[]) => void): void {
    this.#onDeleted = listener;
  }

  history(query: HistoryQuery): Promise<readonly KeptRecord[]> {
    return Promise.resolve(this.#messages.history(query));
  }

  conversations(query: ConversationQuery): Promise<readonly Conversation[]> {
    return Promise.resolve(this.#messages.conversations(query));
  }

  health(): Promise<StoreHealth> {
    return Promise.resolve(this.#messages.health());
  }

  close(): Promise<void> {
    this.#open.delete(this);
    if (this.#open.size === 0) this.#messages.clear();
    return Promise.resolve();
  }
}

function waitingOf(messages: MemoryMessages, places: readonly LogPlace[]): ReadonlySet<string> {
  const waiting = places.filter(({ userId, after }) => messages.hasForV6(userId, after));
  return new Set(waiting.map(({ userId }) => userId));
}
