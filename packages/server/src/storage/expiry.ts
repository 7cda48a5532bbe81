import type { Scheduled } from '@imcore/protocol';
import { isMessage } from '../delivery/reports.js';
import { asError } from '../errors.js';
import { toDeadMessage } from '../message.js';
import type { MessageStore, Sweep } from '../ports/message-store.js';
import type { Runtime } from '../runtime.js';
import { ExpiryClock } from './expiry-clock.js';

/** Maximum number of messages that one call of the store expires. */
const PAGE = 500;

/** Wait before the next call if a page was full, in milliseconds, so that other calls of the store are not delayed. */
const NEXT_PAGE_MS = 100;

/** How often messages are expired, in milliseconds. */
const EXPIRE_EVERY_MS = 60_000;

const NOTHING: Sweep = { deadLetters: [], trimmed: [], removedDevices: [] };

/** Periodically asks the store to expire messages that have waited too long, and reports them. */
export class Expiry {
  readonly #runtime: Runtime;
  readonly #store: MessageStore;
  readonly #clock = new ExpiryClock();
  #timer: Scheduled | undefined = undefined;
  #work: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(runtime: Runtime, store: MessageStore) {
    this.#runtime = runtime;
    this.#store = store;
  }

  /** Starts. The first messages expire when the clock is believed: see {@link ExpiryClock}. */
  start(): void {
    this.#work = this.#run();
  }

  /** Stops. Resolves when no call of the store is pending. */
  stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    return this.#work;
  }

  async #run(): Promise<void> {
    const { clock, events, metrics } = this.#runtime;
    let waitMs = EXPIRE_EVERY_MS;
    const now = this.#readClock();
    try {
      const { deadLetters, trimmed, removedDevices } =
        now === undefined ? NOTHING : await this.#store.expire(now, PAGE);
      if (deadLetters.length >= PAGE) waitMs = NEXT_PAGE_MS;
      for (const { userId, entries } of trimmed) {
        metrics.entriesTrimmed += entries;
        events.emit('trimmed', { userId, entries });
      }
      metrics.devicesRemoved += removedDevices.length;
      for (const removed of removedDevices) events.emit('deviceRemoved', removed);
      const messages = deadLetters.filter(isMessage);
      metrics.messagesExpired += messages.length;
      if (events.has('expired'))
        for (const message of messages) events.emit('expired', toDeadMessage(message));
      // Records that a route keeps in the store are not messages: an application cannot resend them.
      const records = deadLetters.filter((deadLetter) => !isMessage(deadLetter));
      if (records.length > 0) await this.#store.discard(records.map(({ id }) => id));
    } catch (error) {
      metrics.storeFailures += 1;
      events.emit('error', asError(error));
    }
    if (this.#isStopped) return;
    this.#timer = clock.schedule(clock.now() + waitMs, () => this.start());
  }

  #readClock(): number | undefined {
    const { clock, events, metrics } = this.#runtime;
    const { now, jumpedMs } = this.#clock.read(clock.wallTime(), clock.now());
    if (jumpedMs !== undefined) {
      metrics.clockJumps += 1;
      events.emit('clockJumped', { aheadMs: Math.round(jumpedMs) });
    }
    return now === undefined ? undefined : Math.floor(now);
  }
}
