import type { Scheduled } from '@imcore/protocol';
import { bytesOf } from '../delivery/bytes-under-way.js';
import type { Delivery } from '../delivery/delivery.js';
import { storedOrigin } from '../delivery/origins.js';
import type { HookRunner } from '../hook-runner.js';
import { type Message, messageOf } from '../message.js';
import type { Entry, Position } from '../ports/message-store.js';
import type { Runtime } from '../runtime.js';

/** Maximum number of messages in one call of the hook. */
const MAX_BATCH = 100;

/** How long messages are collected before the hook is called with fewer, in milliseconds. */
const GATHER_MS = 200;

/** Wait before a hook that failed is called again, in milliseconds: the first and the longest. */
const [MIN_RETRY_MS, MAX_RETRY_MS] = [1000, 60_000];

/** Maximum number of messages that wait for a call of the hook. The hook is never called for further messages. */
const MAX_WAITING = 10_000;

/** Users who are online at other servers. */
interface Elsewhere {
  /** Whether a user is online at another server, which delivers the message. */
  has(userId: string): boolean;
  /** The hook is not called for a stored message, because its receiver is online at another server. */
  withhold(userId: string, position: Position): void;
}

/** A message that waits for a call of the hook. */
interface Notice {
  readonly message: Message;
  readonly bytes: number;
  /** Its place in the receiver's log; undefined if that is not known. */
  readonly position: Position | undefined;
}

/**
 * Calls the `onStored` hook once for each stored message that waits for its user: in batches, one call after the other.
 * Retries when the hook fails. Kept in memory: messages that the hook was not called for are forgotten when the process ends.
 */
export class OfflineNotifier {
  readonly #runtime: Runtime;
  readonly #hooks: HookRunner;
  readonly #elsewhere: Elsewhere | undefined;
  readonly #maxWaiting: number;
  #waiting: Notice[] = [];
  #bytes = 0;
  #isAsking = false;
  #timer: Scheduled | undefined = undefined;
  #retryMs = MIN_RETRY_MS;
  #onIdle: (() => void)[] = [];
  #onRoom: (() => void)[] = [];
  #isEnding = false;

  /** `elsewhere`: for a server in a cluster. */
  constructor(runtime: Runtime, hooks: HookRunner, elsewhere?: Elsewhere, maxWaiting = MAX_WAITING) {
    this.#runtime = runtime;
    this.#hooks = hooks;
    this.#elsewhere = elsewhere;
    this.#maxWaiting = maxWaiting;
  }

  /** A stored message is not in flight to a session. */
  add(delivery: Delivery): void {
    if (this.#hooks.hooks.onStored === undefined || delivery.origin === storedOrigin) return;
    this.#add({ message: delivery.message, bytes: bytesOf(delivery.body), position: delivery.position });
  }

  /** A stored message for which the hook was not called at first: see `LateNotices`. */
  addLate(entry: Entry): void {
    if (this.#hooks.hooks.onStored === undefined) return;
    this.#add({ message: messageOf(entry), bytes: bytesOf(entry.body), position: entry.position });
  }

  #add(notice: Notice): void {
    const { metrics, events, clock, underWay } = this.#runtime;
    const { bytes, message } = notice;
    if (this.#waiting.length >= this.#maxWaiting || this.#bytes + bytes > underWay.freeForReceiver) {
      metrics.limitOfflineNotices += 1;
      const value = this.#maxWaiting;
      events.emit('limited', { limit: 'offlineNotices', value, remoteAddress: '', userId: message.to });
      return;
    }
    this.#waiting.push(notice);
    this.#count(bytes);
    if (this.#isEnding) this.#ask();
    else this.#timer ??= clock.schedule(clock.now() + GATHER_MS, () => this.#ask());
    if (this.#waiting.length === MAX_BATCH && this.#retryMs === MIN_RETRY_MS) this.#ask();
  }

  /** Resolves when half of the places are free. */
  room(): Promise<void> {
    if (this.#hasRoom) return Promise.resolve();
    return new Promise((resolve) => this.#onRoom.push(resolve));
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
    const elsewhere = this.#elsewhere;
    if (elsewhere === undefined) return;
    const isElsewhere = this.#waiting.map(({ message }) => elsewhere.has(message.to));
    if (!isElsewhere.includes(true)) return;
    const dropped = this.#waiting.filter((_, index) => isElsewhere[index]);
    this.#waiting = this.#waiting.filter((_, index) => !isElsewhere[index]);
    this.#count(-dropped.reduce((sum, { bytes }) => sum + bytes, 0));
    for (const { message, position } of dropped)
      if (position !== undefined) elsewhere.withhold(message.to, position);
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
    if (this.#hasRoom) for (const resolve of this.#onRoom.splice(0)) resolve();
  }

  get #hasRoom(): boolean {
    return 2 * this.#waiting.length <= this.#maxWaiting;
  }

  #idle(): void {
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}
