import type { Clock } from '@imcore/protocol';
import { StoreError } from '@imcore/server';
import type { MessageStore, StoredMessage } from '@imcore/server/ports';
import type { SeededRandom } from '@imcore/testkit';

/** Longest time that a call takes, in milliseconds. */
const MAX_LATENCY_MS = 300;

/** How likely a call fails: as often before as after it has done its work. */
const FAILURE = 0.05;

/** A store that answers late and fails now and then, as one behind a network does, until it is told to behave. */
export class SlowStore implements MessageStore {
  readonly durable = true;
  readonly keepsHistory: boolean;
  readonly #store: MessageStore;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #onAppendFailed: (messages: readonly StoredMessage[]) => void;
  #isSound = false;
  #lastAnswerAt = 0;

  constructor(
    store: MessageStore,
    clock: Clock,
    random: SeededRandom,
    onAppendFailed: (messages: readonly StoredMessage[]) => void,
  ) {
    this.#store = store;
    this.keepsHistory = store.keepsHistory;
    this.#clock = clock;
    this.#random = random;
    this.#onAppendFailed = onAppendFailed;
  }

  /** From now on nothing fails. */
  behave(): void {
    this.#isSound = true;
  }

  append: MessageStore['append'] = (messages) =>
    this.#call(
      () => this.#store.append(messages),
      () => this.#onAppendFailed(messages),
    );

  take: MessageStore['take'] = (userId, after, limit) =>
    this.#call(() => this.#store.take(userId, after, limit));

  confirm: MessageStore['confirm'] = (confirmations) => this.#call(() => this.#store.confirm(confirmations));

  expire: MessageStore['expire'] = (now, limit) => this.#call(() => this.#store.expire(now, limit));

  history: MessageStore['history'] = (query) => this.#call(() => this.#store.history(query));

  count: MessageStore['count'] = (userId) => this.#store.count(userId);

  deadLetters: MessageStore['deadLetters'] = (after, limit, userId) =>
    this.#store.deadLetters(after, limit, userId);

  resend: MessageStore['resend'] = (ids, now) => this.#store.resend(ids, now);

  discard: MessageStore['discard'] = (ids) => this.#store.discard(ids);

  health: MessageStore['health'] = () => this.#store.health();

  close: MessageStore['close'] = () => this.#store.close();

  /** Answers come in the order of the calls, as over one connection. */
  async #call<Result>(work: () => Promise<Result>, onFailed: () => void = () => {}): Promise<Result> {
    const fails = !this.#isSound && this.#random.chance(FAILURE);
    const failsBefore = fails && this.#random.chance(0.5);
    const answerAt = this.#clock.now() + this.#random.between(0, MAX_LATENCY_MS);
    this.#lastAnswerAt = Math.max(this.#lastAnswerAt, answerAt);
    const answer = failsBefore ? undefined : work();
    await new Promise<void>((resolve) => this.#clock.schedule(this.#lastAnswerAt, resolve));
    if (!fails && answer !== undefined) return answer;
    onFailed();
    throw new StoreError('ERR_STORE_FAILED', 'simulated failure');
  }
}
