import type { Scheduled } from '@imcore/protocol';
import type { Delivery } from '../delivery/delivery.js';
import { storedOrigin } from '../delivery/origins.js';
import type { HookRunner } from '../hook-runner.js';
import type { Message } from '../message.js';
import type { Runtime } from '../runtime.js';

/** Messages in one call of the hook, at most. */
const MAX_BATCH = 100;

/** How long messages gather before the hook is called with fewer, in milliseconds. */
const GATHER_MS = 200;

/** How long a hook that failed is left alone, at first and at the longest, in milliseconds. */
const [MIN_RETRY_MS, MAX_RETRY_MS] = [1000, 60_000];

/** Messages that wait to be reported to the hook. Those beyond are never reported. */
const MAX_WAITING = 10_000;

/**
 * Reports to the `onStored` hook which messages wait for users, once each: many at a time, one call after the other, and
 * again after a while when it fails. Kept in memory: what is not reported when the process ends is lost.
 */
export class OfflineNotifier {
  readonly #runtime: Runtime;
  readonly #hooks: HookRunner;
  readonly #maxWaiting: number;
  #waiting: Message[] = [];
  #isAsking = false;
  #timer: Scheduled | undefined = undefined;
  #retryMs = MIN_RETRY_MS;
  #onIdle: (() => void)[] = [];
  #isEnding = false;

  constructor(runtime: Runtime, hooks: HookRunner, maxWaiting = MAX_WAITING) {
    this.#runtime = runtime;
    this.#hooks = hooks;
    this.#maxWaiting = maxWaiting;
  }

  /** A stored message is not, or no longer, with a session. */
  add(delivery: Delivery): void {
    if (this.#hooks.hooks.onStored === undefined || delivery.origin === storedOrigin) return;
    const { metrics, events, clock } = this.#runtime;
    if (this.#waiting.length >= this.#maxWaiting) {
      metrics.limitOfflineNotices += 1;
      const value = this.#maxWaiting;
      events.emit('limited', { limit: 'offlineNotices', value, remoteAddress: '', userId: delivery.to });
      return;
    }
    this.#waiting.push(delivery.message);
    if (this.#isEnding) this.#ask();
    else this.#timer ??= clock.schedule(clock.now() + GATHER_MS, () => this.#ask());
    if (this.#waiting.length === MAX_BATCH && this.#retryMs === MIN_RETRY_MS) this.#ask();
  }

  /** Reports everything now. Resolves when that is done, or failed: then it is not tried again. */
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
    const batch = this.#waiting.slice(0, MAX_BATCH);
    if (hooks.onStored === undefined || batch.length === 0) {
      this.#idle();
      return;
    }
    this.#isAsking = true;
    const reported = (): void => {
      this.#waiting.splice(0, batch.length);
      this.#isAsking = false;
      this.#retryMs = MIN_RETRY_MS;
      this.#ask();
    };
    void this.#hooks.ask(
      'onStored',
      () => hooks.onStored?.(batch),
      reported,
      () => this.#failed(),
    );
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

  #idle(): void {
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}
