import type { Instant } from '@imcore/protocol';
import { bytesOf } from '../delivery/bytes-under-way.js';
import { asError, StoreError } from '../errors.js';
import type {
  AppendResult,
  LogPage,
  MessageStore,
  Position,
  SharedStore,
  StoredMessage,
  StoreHealth,
} from '../ports/message-store.js';
import type { Runtime } from '../runtime.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';

/** Maximum number of calls that are past their deadline and unanswered. With as many, the store is not called. */
const MAX_UNANSWERED = 64;

type StoreCall = keyof MessageStore | keyof SharedStore;

/**
 * Called when a call is given up. Returns the function that is called when the store answers it after all; with `undefined` if
 * it failed.
 */
export type OnGivenUp<Result> = () => (late: Result | undefined) => void;

/**
 * A store whose calls reject with `ERR_STORE_TIMED_OUT` if the store has not answered within a deadline.
 *
 * A store cannot be made to stop: a call that was given up may still succeed. All calls are idempotent, so the caller may
 * repeat it. While too many of them are unanswered, new calls reject at once, so that they do not collect in memory.
 */
export class TimedStore implements MessageStore {
  readonly shared: SharedStore | undefined;
  readonly #store: MessageStore;
  readonly #runtime: Runtime;
  readonly #deadlines: DeadlineRing;
  readonly #timeoutMs: number;
  #unanswered = 0;

  constructor(store: MessageStore, runtime: Runtime, timeoutMs: number) {
    this.#store = store;
    this.#runtime = runtime;
    this.#timeoutMs = timeoutMs;
    this.#deadlines = runtime.timers.ring<PendingCall>(timeoutMs, (call) => call.timedOut());
    const { shared } = store;
    this.shared = shared && {
      identity: () => this.#call('identity', () => shared.identity()),
      whichWait: (places) => this.#call('whichWait', () => shared.whichWait(places)),
    };
  }

  get durable(): boolean {
    return this.#store.durable;
  }

  get keepsHistory(): boolean {
    return this.#store.keepsHistory;
  }

  append(
    messages: readonly StoredMessage[],
    onGivenUp?: OnGivenUp<readonly AppendResult[]>,
  ): Promise<readonly AppendResult[]> {
    if (this.#unanswered > 0 && this.#runtime.underWay.freeForReceiver <= 0) {
      const value = this.#runtime.limits.maxBytesUnderWay;
      return this.#notCalled('append', 'maxBytesUnderWay', value);
    }
    return this.#call(
      'append',
      () => this.#store.append(messages),
      () => this.#stillHolds(messages, onGivenUp),
    );
  }

  /** If the store throws, returns false: the log is then read. The login must not fail. */
  isEmptyFor(userId: string): boolean {
    try {
      return this.#store.isEmptyFor?.(userId) === true;
    } catch (error) {
      this.#runtime.metrics.storeFailures += 1;
      this.#runtime.events.emit('error', asError(error));
      return false;
    }
  }

  take(userId: string, after: Position, limit: number, onGivenUp?: OnGivenUp<LogPage>): Promise<LogPage> {
    return this.#call('take', () => this.#store.take(userId, after, limit), onGivenUp);
  }

  epoch: MessageStore['epoch'] = () => this.#call('epoch', () => this.#store.epoch());

  read: MessageStore['read'] = (userId, after, limit) =>
    this.#call('read', () => this.#store.read(userId, after, limit));

  advance: MessageStore['advance'] = (advances) => this.#call('advance', () => this.#store.advance(advances));

  putDevice: MessageStore['putDevice'] = (userId, device) =>
    this.#call('putDevice', () => this.#store.putDevice(userId, device));

  removeDevice: MessageStore['removeDevice'] = (userId, deviceId) =>
    this.#call('removeDevice', () => this.#store.removeDevice(userId, deviceId));

  devices: MessageStore['devices'] = (userId) => this.#call('devices', () => this.#store.devices(userId));

  confirm: MessageStore['confirm'] = (confirmations) =>
    this.#call('confirm', () => this.#store.confirm(confirmations));

  count: MessageStore['count'] = (userId) => this.#call('count', () => this.#store.count(userId));

  expire: MessageStore['expire'] = (now, limit) => this.#call('expire', () => this.#store.expire(now, limit));

  deadLetters: MessageStore['deadLetters'] = (after, limit, userId) =>
    this.#call('deadLetters', () => this.#store.deadLetters(after, limit, userId));

  resend: MessageStore['resend'] = (ids, now) => this.#call('resend', () => this.#store.resend(ids, now));

  discard: MessageStore['discard'] = (ids) => this.#call('discard', () => this.#store.discard(ids));

  onDeadLettersDeleted: MessageStore['onDeadLettersDeleted'] = (listener) =>
    this.#store.onDeadLettersDeleted(listener);

  history: MessageStore['history'] = (query) => this.#call('history', () => this.#store.history(query));

  conversations: MessageStore['conversations'] = (query) =>
    this.#call('conversations', () => this.#store.conversations(query));

  async health(): Promise<StoreHealth> {
    try {
      return await this.#call('health', () => this.#store.health());
    } catch (error) {
      return { ok: false, problem: asError(error).message, waiting: 0, waitingBytes: 0, deadLetters: 0 };
    }
  }

  close(): Promise<void> {
    return this.#within('close', () => this.#store.close());
  }

  #call<Result>(
    name: StoreCall,
    start: () => Promise<Result>,
    onGivenUp?: OnGivenUp<Result>,
  ): Promise<Result> {
    if (this.#unanswered < MAX_UNANSWERED) return this.#within(name, start, onGivenUp);
    return this.#notCalled(name, 'unansweredStoreCalls', MAX_UNANSWERED);
  }

  /** The store keeps the messages of an append that was given up until it answers. */
  #stillHolds(
    messages: readonly StoredMessage[],
    onGivenUp: OnGivenUp<readonly AppendResult[]> | undefined,
  ): (late: readonly AppendResult[] | undefined) => void {
    const { underWay } = this.#runtime;
    const bytes = messages.reduce((sum, { body }) => sum + bytesOf(body), 0);
    const onLate = onGivenUp?.();
    underWay.addOfReceiver(bytes);
    return (late) => {
      underWay.addOfReceiver(-bytes);
      onLate?.(late);
    };
  }

  #notCalled(
    name: StoreCall,
    limit: 'unansweredStoreCalls' | 'maxBytesUnderWay',
    value: number,
  ): Promise<never> {
    const { metrics, events } = this.#runtime;
    if (limit === 'maxBytesUnderWay') metrics.limitBytesUnderWay += 1;
    else metrics.limitUnansweredStoreCalls += 1;
    events.emit('limited', { limit, value, remoteAddress: '', userId: undefined });
    const text = `${name} was not called: ${this.#unanswered} calls of the store are unanswered`;
    return Promise.reject(new StoreError('ERR_STORE_TIMED_OUT', text));
  }

  #within<Result>(
    name: StoreCall,
    start: () => Promise<Result>,
    onGivenUp?: OnGivenUp<Result>,
  ): Promise<Result> {
    const { clock, metrics } = this.#runtime;
    return new Promise((resolve, reject) => {
      let onLate: ((late: Result | undefined) => void) | undefined;
      const call = new PendingCall(() => {
        metrics.storeTimeouts += 1;
        this.#unanswered += 1;
        onLate = onGivenUp?.();
        const text = `${name}: the store has not answered within ${this.#timeoutMs} ms`;
        reject(new StoreError('ERR_STORE_TIMED_OUT', text));
      });
      this.#deadlines.start(call, clock.now());
      const answered = (late: Result | undefined): void => {
        if (call.ring !== undefined) {
          this.#deadlines.stop(call);
          return;
        }
        this.#unanswered -= 1;
        onLate?.(late);
      };
      callOf(start).then(
        (result) => {
          answered(result);
          resolve(result);
        },
        (error) => {
          answered(undefined);
          reject(error);
        },
      );
    });
  }
}

/** A store that throws has answered, too. */
function callOf<Result>(start: () => Promise<Result>): Promise<Result> {
  try {
    return start();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** A call that the store has not answered. It is in its ring until it is answered or given up. */
class PendingCall implements RingEntry {
  readonly timedOut: () => void;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(timedOut: () => void) {
    this.timedOut = timedOut;
  }
}
