import type { Clock, Instant } from '@imcore/protocol';
import { StoreError } from '@imcore/server';
import type { MessageStore, StoredMessage } from '@imcore/server/ports';
import type { SeededRandom } from '@imcore/testkit';

/** How badly a store behaves. */
export interface StoreTrouble {
  /** Longest time that a call takes, in milliseconds. */
  readonly maxLatencyMs: number;
  /** How likely a call fails: as often before as after it has done its work. */
  readonly failure: number;
  /** The first call that fails for certain, and how many do from there on, as with a disk that is full for a while. */
  readonly outage: { readonly from: number; readonly calls: number } | undefined;
}

/** What a store tells of its calls. */
export interface StoreObserver {
  appendFailed(messages: readonly StoredMessage[]): void;
  /** A call of this kind has come and done nothing yet. Returns whether its caller has died of it: then it never does. */
  before(call: StoreCall): boolean;
  /** A call of this kind has done its work, and its caller does not know yet. */
  after(call: StoreCall): void;
}

export type StoreCall = 'append' | 'take' | 'confirm' | 'expire' | 'resend' | 'history';

/** A store that answers late and fails now and then, as one behind a network does, until it is told to behave. */
export class SlowStore implements MessageStore {
  readonly durable = true;
  readonly keepsHistory: boolean;
  readonly #store: MessageStore;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #trouble: StoreTrouble;
  readonly #observer: StoreObserver;
  #isSound = false;
  readonly #lastAnswerAt = new Map<StoreCall, Instant>();
  #calls = 0;

  constructor(
    store: MessageStore,
    clock: Clock,
    random: SeededRandom,
    trouble: StoreTrouble,
    observer: StoreObserver,
  ) {
    this.#store = store;
    this.keepsHistory = store.keepsHistory;
    this.#clock = clock;
    this.#random = random;
    this.#trouble = trouble;
    this.#observer = observer;
  }

  /** From now on nothing fails. */
  behave(): void {
    this.#isSound = true;
  }

  append: MessageStore['append'] = async (messages) => {
    try {
      return await this.#call('append', () => this.#store.append(messages));
    } catch (error) {
      this.#observer.appendFailed(messages);
      throw error;
    }
  };

  /** Half of the time it would have to look. */
  isEmptyFor = (userId: string): boolean =>
    this.#random.chance(0.5) && this.#store.isEmptyFor?.(userId) === true;

  take: MessageStore['take'] = (userId, after, limit) =>
    this.#call('take', () => this.#store.take(userId, after, limit));

  confirm: MessageStore['confirm'] = (confirmations) =>
    this.#call('confirm', () => this.#store.confirm(confirmations));

  expire: MessageStore['expire'] = (now, limit) => this.#call('expire', () => this.#store.expire(now, limit));

  history: MessageStore['history'] = (query) => this.#call('history', () => this.#store.history(query));

  count: MessageStore['count'] = (userId) => this.#store.count(userId);

  deadLetters: MessageStore['deadLetters'] = (after, limit, userId) =>
    this.#store.deadLetters(after, limit, userId);

  resend: MessageStore['resend'] = (ids, now) => this.#call('resend', () => this.#store.resend(ids, now));

  discard: MessageStore['discard'] = (ids) => this.#store.discard(ids);

  onDeadLettersDeleted: MessageStore['onDeadLettersDeleted'] = (tell) =>
    this.#store.onDeadLettersDeleted(tell);

  health: MessageStore['health'] = () => this.#store.health();

  close: MessageStore['close'] = () => this.#store.close();

  /** Does its work at some instant before it answers; calls of one kind follow one another, as over a connection each. */
  async #call<Result>(call: StoreCall, work: () => Promise<Result>): Promise<Result> {
    this.#calls += 1;
    const fails = this.#fails();
    const failsBefore = fails && this.#random.chance(0.5);
    const { maxLatencyMs } = this.#trouble;
    const earliest = Math.max(this.#clock.now(), this.#lastAnswerAt.get(call) ?? 0);
    const workAt = earliest + this.#random.between(0, maxLatencyMs / 2);
    const answerAt = workAt + this.#random.between(0, maxLatencyMs / 2);
    this.#lastAnswerAt.set(call, answerAt);
    if (this.#observer.before(call)) return new Promise(() => {});
    await this.#until(workAt);
    const answer = failsBefore ? undefined : work();
    if (!failsBefore) this.#observer.after(call);
    await this.#until(answerAt);
    if (!fails && answer !== undefined) return answer;
    throw new StoreError('ERR_STORE_FAILED', 'simulated failure');
  }

  #until(at: Instant): Promise<void> {
    return new Promise((resolve) => this.#clock.schedule(at, resolve));
  }

  #fails(): boolean {
    if (this.#isSound) return false;
    const { outage, failure } = this.#trouble;
    const isOut =
      outage !== undefined && this.#calls >= outage.from && this.#calls < outage.from + outage.calls;
    return isOut || this.#random.chance(failure);
  }
}
