import type {
  AppendResult,
  Confirmation,
  LogPage,
  MessageStore,
  Position,
  SharedStore,
  StoredMessage,
  Sweep,
} from '../../src/ports/message-store.js';
import {
  type MemoryStore,
  type MemoryStoreOptions,
  memoryStore,
} from '../../src/store-memory/memory-store.js';

type Operation =
  | 'append'
  | 'take'
  | 'confirm'
  | 'expire'
  | 'identity'
  | 'whichWait'
  | 'read'
  | 'advance'
  | 'putDevice'
  | 'devices';

/** A memory store that counts its calls, and fails or keeps its caller waiting as the test says. */
export class ControlledStore implements MessageStore {
  readonly durable = false;
  readonly keepsHistory: boolean;
  /** What each `append` was given. */
  readonly appended: (readonly StoredMessage[])[] = [];
  readonly calls: Record<Operation | 'close', number> = {
    append: 0,
    take: 0,
    confirm: 0,
    expire: 0,
    identity: 0,
    whichWait: 0,
    read: 0,
    advance: 0,
    putDevice: 0,
    devices: 0,
    close: 0,
  };
  /** Set one to let calls of that kind fail. */
  readonly failures: { [Kind in Operation]?: Error | undefined } = {};
  /** Whether `isEmptyFor` returns true if nothing waits; otherwise it always returns false. */
  knowsWhatIsEmpty = true;
  readonly shared: SharedStore = {
    identity: async () => {
      await this.#enter('identity');
      return this.#inner.shared.identity();
    },
    whichWait: async (places) => {
      await this.#enter('whichWait');
      return this.#inner.shared.whichWait(places);
    },
  };
  readonly #inner: MemoryStore;
  readonly #held = new Map<Operation, (() => void)[]>();
  readonly #unanswered = new Set<Operation>();

  constructor(options: MemoryStoreOptions = {}) {
    this.#inner = memoryStore(options);
    this.keepsHistory = this.#inner.keepsHistory;
  }

  /** From now on calls of this kind do not begin before {@link release}. */
  hold(kind: Operation): void {
    this.#held.set(kind, []);
  }

  release(kind: Operation): void {
    const waiting = this.#held.get(kind) ?? [];
    this.#held.delete(kind);
    for (const resume of waiting) resume();
  }

  /** From now on calls of this kind are executed, but their promises do not settle. */
  holdAnswers(kind: Operation): void {
    this.#unanswered.add(kind);
  }

  /** Ends {@link hold} and {@link holdAnswers}. Pending promises never settle, as for a caller that was killed. */
  forget(kind: Operation): void {
    this.#held.delete(kind);
    this.#unanswered.delete(kind);
  }

  async append(messages: readonly StoredMessage[]): Promise<readonly AppendResult[]> {
    this.appended.push(messages);
    await this.#enter('append');
    const results = await this.#inner.append(messages);
    return this.#unanswered.has('append') ? new Promise(() => {}) : results;
  }

  isEmptyFor(userId: string): boolean {
    return this.knowsWhatIsEmpty && this.#inner.isEmptyFor?.(userId) === true;
  }

  async take(userId: string, after: Position, limit: number): Promise<LogPage> {
    await this.#enter('take');
    return this.#inner.take(userId, after, limit);
  }

  async confirm(confirmations: readonly Confirmation[]): Promise<void> {
    await this.#enter('confirm');
    await this.#inner.confirm(confirmations);
  }

  async expire(now: number, limit: number): Promise<Sweep> {
    await this.#enter('expire');
    return this.#inner.expire(now, limit);
  }

  count: MessageStore['count'] = (userId) => this.#inner.count(userId);
  deadLetters: MessageStore['deadLetters'] = (after, limit, userId) =>
    this.#inner.deadLetters(after, limit, userId);
  resend: MessageStore['resend'] = (ids, now) => this.#inner.resend(ids, now);
  discard: MessageStore['discard'] = (ids) => this.#inner.discard(ids);
  onDeadLettersDeleted: MessageStore['onDeadLettersDeleted'] = (listener) =>
    this.#inner.onDeadLettersDeleted(listener);
  history: MessageStore['history'] = (query) => this.#inner.history(query);
  conversations: MessageStore['conversations'] = (query) => this.#inner.conversations(query);
  epoch: MessageStore['epoch'] = () => this.#inner.epoch();
  read: MessageStore['read'] = async (userId, after, limit) => {
    await this.#enter('read');
    return this.#inner.read(userId, after, limit);
  };
  advance: MessageStore['advance'] = async (advances) => {
    await this.#enter('advance');
    await this.#inner.advance(advances);
  };
  putDevice: MessageStore['putDevice'] = async (userId, device) => {
    await this.#enter('putDevice');
    return this.#inner.putDevice(userId, device);
  };
  removeDevice: MessageStore['removeDevice'] = (userId, id) => this.#inner.removeDevice(userId, id);
  devices: MessageStore['devices'] = async (userId) => {
    await this.#enter('devices');
    return this.#inner.devices(userId);
  };
  health: MessageStore['health'] = () => this.#inner.health();

  /** The fingerprints that waited for each user when the store was closed. */
  readonly closedWith: Record<string, string[]> = {};

  async close(): Promise<void> {
    this.calls.close += 1;
    const receivers = new Set(this.appended.flat().map(({ to }) => to));
    for (const to of receivers) this.closedWith[to] = await this.waiting(to);
    await this.#inner.close();
  }

  /** Fingerprints of what waits for a user, oldest first. */
  async waiting(userId: string): Promise<string[]> {
    const { entries } = await this.#inner.take(userId, 0, 1_000_000);
    return entries.map(({ fingerprint }) => fingerprint);
  }

  async #enter(kind: Operation): Promise<void> {
    this.calls[kind] += 1;
    const held = this.#held.get(kind);
    if (held !== undefined) await new Promise<void>((resolve) => held.push(resolve));
    const failure = this.failures[kind];
    if (failure !== undefined) throw failure;
  }
}
