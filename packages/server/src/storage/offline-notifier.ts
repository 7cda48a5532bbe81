import type { Scheduled } from '@imcore/protocol';
import { bytesOf } from '../delivery/bytes-under-way.js';
import type { Delivery } from '../delivery/delivery.js';
import { storedOrigin } from '../delivery/origins.js';
import type { HookRunner } from '../hook-runner.js';
import type { Message } from '../message.js';
import type { Runtime } from '../runtime.js';

/** Maximum number of messages in one call of the hook. */
const MAX_BATCH = 100;

/** How long messages are collected before the hook is called with fewer, in milliseconds. */
const GATHER_MS = 200;

/** Wait before a hook that failed is called again, in milliseconds: the first and the longest. */
const [MIN_RETRY_MS, MAX_RETRY_MS] = [1000, 60_000];

/** Maximum number of messages that wait for a call of the hook. The hook is never called for further messages. */
const MAX_WAITING = 10_000;

/**
 * Calls the `onStored` hook once for each stored message that waits for its user: in batches, one call after the other.
 * Retries when the hook fails. Kept in memory: messages that the hook was not called for are forgotten when the process ends.
 */
export class OfflineNotifier {
  readonly #runtime: Runtime;
  readonly #hooks: HookRunner;
  readonly #isElsewhere: (userId: string) => boolean;
  readonly #maxWaiting: number;
  #waiting: { readonly message: Message; readonly bytes: number }[] = [];
  #bytes = 0;
  #isAsking = false;
  #timer: Scheduled | undefined = undefined;
  #retryMs = MIN_RETRY_MS;
  #onIdle: (() => void)[] = [];
  #isEnding = false;

  /** `isElsewhere`: whether a user is online at another server, which brings the message. */
  constructor(
    runtime: Runtime,
    hooks: HookRunner,
    isElsewhere: (userId: string) => boolean = () => false,
    maxWaiting = MAX_WAITING,
  ) {
    this.#runtime = runtime;
    this.#hooks = hooks;
    this.#isElsewhere = isElsewhere;
    this.#maxWaiting = maxWaiting;
  }

  /** A stored message is not in flight to a session. */
  add(delivery: Delivery): void {
    if (this.#hooks.hooks.onStored === undefined || delivery.origin === storedOrigin) return;
    const { metrics, events, clock, underWay } = this.#runtime;
    const bytes = bytesOf(delivery.body);
    if (this.#waiting.length >= this.#maxWaiting || this.#bytes + bytes > underWay.freeForReceiver) {
      metrics.limitOfflineNotices += 1;
      const value = this.#maxWaiting;
      events.emit('limited', { limit: 'offlineNotices', value, remoteAddress: '', userId: delivery.to });
      return;
    }
    this.#waiting.push({ message: delivery.message, bytes });
    this.#count(bytes);
    if (this.#isEnding) this.#ask();
    else this.#timer ??= clock.schedule(clock.now() + GATHER_MS, () => this.#ask());
    if (this.#waiting.length === MAX_BATCH && this.#retryMs === MIN_RETRY_MS) this.#ask();
  }

  /** Calls the hook for everything that waits. Resolves when it has succeeded, or failed once. */
  end(): Promise<void> {
    this.#isEnding = true;
    this.#ask();
    if (!this.#isAsking) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  #ask(): void {
    if (this.#isAsking) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    const { hooks } = this.#hooks;
    this.#dropElsewhere();
    const batch = this.#waiting.slice(0, MAX_BATCH);
    if (hooks.onStored === undefined || batch.length === 0) {
      this.#idle();
      return;
    }
    this.#isAsking = true;
    const reported = (): void => {
      this.#waiting.splice(0, batch.length);
      this.#count(-batch.reduce((sum, { bytes }) => sum + bytes, 0));
      this.#isAsking = false;
      this.#retryMs = MIN_RETRY_MS;
      this.#ask();
    };
    void this.#hooks.ask(
      'onStored',
      () => hooks.onStored?.(batch.map(({ message }) => message)),
      reported,
      () => this.#failed(),
    );
  }

  /** Asked as late as possible: an announcement may have come meanwhile. */
  #dropElsewhere(): void {
    const isElsewhere = this.#waiting.map(({ message }) => this.#isElsewhere(message.to));
    if (!isElsewhere.includes(true)) return;
    const dropped = this.#waiting.filter((_, index) => isElsewhere[index]);
    this.#waiting = this.#waiting.filter((_, index) => !isElsewhere[index]);
    this.#count(-dropped.reduce((sum, { bytes }) => sum + bytes, 0));
  }

  #failed(): void {
    this.#isAsking = false;
    if (this.#isEnding) {
      this.#idle();
      return;
    }
    const { clock } = this.#runtime;
    this.#timer?.cancel();
    this.#timer = clock.schedule(clock.now() + this.#retryMs, () => this.#ask());
    this.#retryMs = Math.min(2 * this.#retryMs, MAX_RETRY_MS);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#runtime.underWay.addOfReceiver(bytes);
  }

  #idle(): void {
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}
