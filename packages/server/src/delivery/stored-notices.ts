import type { Clock, Emitter, Scheduled } from '@imcore/protocol';
import type { ServerEvents } from '../events.js';
import type { HookAsker } from '../hook-asker.js';
import type { Hooks } from '../hooks.js';
import type { ServerLimits } from '../limits.js';
import type { Message } from '../message.js';
import type { ServerMetrics } from '../metrics.js';
import type { Delivery } from './delivery.js';
import { replayOrigin } from './replay-origin.js';

/** Messages that the hook is told of at once, at most. */
export const MAX_BATCH = 100;

/** How long messages gather before the hook is told of fewer, in milliseconds. */
export const GATHER_MS = 200;

/** How long a hook that failed is left alone, at first and at the longest, in milliseconds. */
export const [MIN_RETRY_MS, MAX_RETRY_MS] = [1000, 60_000];

export interface StoredNoticesParts {
  readonly clock: Clock;
  readonly events: Emitter<ServerEvents>;
  readonly metrics: ServerMetrics;
  readonly limits: ServerLimits;
  readonly hooks: Hooks;
  readonly asker: HookAsker;
}

/**
 * Tells the `onStored` hook which messages wait for users, once each: many at a time, one call after the other, and
 * again after a while when it fails. Kept in memory: what is not told when the process ends is not told.
 */
export class StoredNotices {
  readonly #parts: StoredNoticesParts;
  #waiting: Message[] = [];
  #isAsking = false;
  #timer: Scheduled | undefined = undefined;
  #retryMs = MIN_RETRY_MS;
  #onIdle: (() => void)[] = [];
  #isEnding = false;

  constructor(parts: StoredNoticesParts) {
    this.#parts = parts;
  }

  /** A stored message is not, or no longer, in a session's hands. */
  add(delivery: Delivery): void {
    if (this.#parts.hooks.onStored === undefined || delivery.origin === replayOrigin) return;
    const { metrics, events, limits, clock } = this.#parts;
    const { maxStoredNotices } = limits;
    if (this.#waiting.length >= maxStoredNotices) {
      metrics.limitStoredNotices += 1;
      const userId = delivery.to;
      events.emit('limited', {
        limit: 'maxStoredNotices',
        value: maxStoredNotices,
        remoteAddress: '',
        userId,
      });
      return;
    }
    this.#waiting.push(delivery.message);
    if (this.#isEnding) this.#ask();
    else this.#timer ??= clock.schedule(clock.now() + GATHER_MS, () => this.#ask());
    if (this.#waiting.length === MAX_BATCH && this.#retryMs === MIN_RETRY_MS) this.#ask();
  }

  /** Tells of everything now. Resolves when that is done, or failed: then nothing is tried again. */
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
    const { hooks } = this.#parts;
    const batch = this.#waiting.slice(0, MAX_BATCH);
    if (hooks.onStored === undefined || batch.length === 0) {
      this.#idle();
      return;
    }
    this.#isAsking = true;
    const told = (): void => {
      this.#waiting.splice(0, batch.length);
      this.#isAsking = false;
      this.#retryMs = MIN_RETRY_MS;
      this.#ask();
    };
    void this.#parts.asker.ask(
      'onStored',
      () => hooks.onStored?.(batch),
      told,
      () => this.#failed(),
    );
  }

  #failed(): void {
    this.#isAsking = false;
    if (this.#isEnding) {
      this.#idle();
      return;
    }
    const { clock } = this.#parts;
    this.#timer = clock.schedule(clock.now() + this.#retryMs, () => this.#ask());
    this.#retryMs = Math.min(2 * this.#retryMs, MAX_RETRY_MS);
  }

  #idle(): void {
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}
