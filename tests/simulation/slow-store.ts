import type { Clock, Instant } from '@imcore/protocol';
import { StoreError } from '@imcore/server';
import type { MessageStore, SharedStore, StoredMessage } from '@imcore/server/ports';
import type { SeededRandom, StoreCall } from '@imcore/testkit';

/** The delays and failures of a store. */
export interface StoreTrouble {
  /** Longest time that a call takes, in milliseconds. */
  readonly maxLatencyMs: number;
  /** The same from {@link SlowStore.heal} on. Default: {@link maxLatencyMs}. */
  readonly healedLatencyMs?: number;
  /** Probability that a call fails: half of the time before its work, half of the time after it. */
  readonly failure: number;
  /** Calls that certainly fail, from the call `from` on, as when a disk is full for a while. */
  readonly outage: { readonly from: number; readonly calls: number } | undefined;
  /** Calls that are answered `ms` after the first of them, from the call `from` on, as when a table is locked for a while. */
  readonly silence: { readonly from: number; readonly calls: number; readonly ms: number } | undefined;
}

/** Observes the calls of a store. */
export interface StoreObserver {
  appendFailed(messages: readonly StoredMessage[]): void;
  /** Before the work of a call. Returns whether its caller has crashed: then the call does nothing. */
  before(call: StoreCall): boolean;
  /** After the work of a call, before its answer. */
  after(call: StoreCall): void;
}

/** A store that answers late and sometimes fails, like one behind a network, until {@link heal} is called. */
export class SlowStore implements MessageStore {
  readonly durable = true;
  readonly keepsHistory: boolean;
  readonly shared: SharedStore | undefined;
  readonly #store: MessageStore;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #trouble: StoreTrouble;
  readonly #observer: StoreObserver;
  #isHealed = false;
  /** Counts the times that calls were abandoned. */
  #generation = 0;
  readonly #lastAnswerAt = new Map<StoreCall, Instant>();
  #calls = 0;
  #silenceEndsAt: Instant | undefined = undefined;

  constructor(
    store: MessageStore,
    clock: Clock,
    random: SeededRandom,
    trouble: StoreTrouble,
    observer: StoreObserver,
  ) {
    this.#store = store;
    this.keepsHistory = store.keepsHistory;
    const { shared } = store;
    this.shared = shared && {
      identity: () => this.#call('identity', () => shared.identity()),
      whichWait: (places) => this.#call('whichWait', () => shared.whichWait(places)),
    };
    this.#clock = clock;
    this.#random = random;
    this.#trouble = trouble;
    this.#observer = observer;
  }

  /** From now on nothing fails. */
  heal(): void {
    this.#isHealed = true;
  }

  /** Calls that have not begun to work never do, and none of them is answered: the database is another one from now on. */
  abandonCalls(): void {
    this.#generation += 1;
  }

  append: MessageStore['append'] = async (messages) => {
    try {
      return await this.#call('append', () => this.#store.append(messages));
    } catch (error) {
      this.#observer.appendFailed(messages);
      throw error;
    }
  };

  /** Does not know in half of the calls. */
  isEmptyFor = (userId: string): boolean =>
    this.#random.chance(0.5) && this.#store.isEmptyFor?.(userId) === true;

  take: MessageStore['take'] = (userId, after, limit) =>
    this.#call('take', () => this.#store.take(userId, after, limit));

  read: MessageStore['read'] = (userId, after, limit) =>
    this.#call('read', () => this.#store.read(userId, after, limit));

  advance: MessageStore['advance'] = (advances) => this.#call('advance', () => this.#store.advance(advances));

  putDevice: MessageStore['putDevice'] = (userId, device) =>
    this.#call('putDevice', () => this.#store.putDevice(userId, device));

  removeDevice: MessageStore['removeDevice'] = (userId, deviceId) =>
    this.#call('removeDevice', () => this.#store.removeDevice(userId, deviceId));

  devices: MessageStore['devices'] = (userId) => this.#call('devices', () => this.#store.devices(userId));

  epoch: MessageStore['epoch'] = () => this.#call('epoch', () => this.#store.epoch());

  confirm: MessageStore['confirm'] = (confirmations) =>
    this.#call('confirm', () => this.#store.confirm(confirmations));

  expire: MessageStore['expire'] = (now, limit) => this.#call('expire', () => this.#store.expire(now, limit));

  history: MessageStore['history'] = (query) => this.#call('history', () => this.#store.history(query));

  conversations: MessageStore['conversations'] = (query) =>
    this.#call('conversations', () => this.#store.conversations(query));

  count: MessageStore['count'] = (userId) => this.#store.count(userId);

  deadLetters: MessageStore['deadLetters'] = (after, limit, userId) =>
    this.#store.deadLetters(after, limit, userId);

  resend: MessageStore['resend'] = (ids, now) => this.#call('resend', () => this.#store.resend(ids, now));

  discard: MessageStore['discard'] = (ids) => this.#store.discard(ids);

  onDeadLettersDeleted: MessageStore['onDeadLettersDeleted'] = (tell) =>
    this.#store.onDeadLettersDeleted(tell);

  health: MessageStore['health'] = () => this.#store.health();

  close: MessageStore['close'] = () => this.#store.close();

  /** Works at some instant before it answers. Calls of one kind are in order, as on a connection each. */
  async #call<Result>(call: StoreCall, work: () => Promise<Result>): Promise<Result> {
    this.#calls += 1;
    const fails = this.#fails();
    const failsBefore = fails && this.#random.chance(0.5);
    const { maxLatencyMs: troubledMs, healedLatencyMs = troubledMs } = this.#trouble;
    const maxLatencyMs = this.#isHealed ? healedLatencyMs : troubledMs;
    const earliest = Math.max(this.#clock.now(), this.#lastAnswerAt.get(call) ?? 0);
    const workAt = Math.max(earliest, this.#silentUntil()) + this.#random.between(0, maxLatencyMs / 2);
    const answerAt = workAt + this.#random.between(0, maxLatencyMs / 2);
    this.#lastAnswerAt.set(call, answerAt);
    if (this.#observer.before(call)) return new Promise(() => {});
    const generation = this.#generation;
    await this.#until(workAt);
    if (generation !== this.#generation) return new Promise(() => {});
    const answer = failsBefore ? undefined : work();
    if (!failsBefore) this.#observer.after(call);
    await this.#until(answerAt);
    if (!fails && answer !== undefined) return answer;
    throw new StoreError('ERR_STORE_FAILED', 'simulated failure');
  }

  #until(at: Instant): Promise<void> {
    return new Promise((resolve) => this.#clock.schedule(at, resolve));
  }

  /** Until when a call waits because the store is silent; calls of its kind behind it wait with it. */
  #silentUntil(): Instant {
    const { silence } = this.#trouble;
    if (this.#isHealed || silence === undefined) return 0;
    if (this.#calls < silence.from || this.#calls >= silence.from + silence.calls) return 0;
    this.#silenceEndsAt ??= this.#clock.now() + silence.ms;
    return this.#silenceEndsAt;
  }

  #fails(): boolean {
    if (this.#isHealed) return false;
    const { outage, failure } = this.#trouble;
    const isOut =
      outage !== undefined && this.#calls >= outage.from && this.#calls < outage.from + outage.calls;
    return isOut || this.#random.chance(failure);
  }
}
