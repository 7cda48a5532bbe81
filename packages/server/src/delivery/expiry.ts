import type { Clock, Emitter, Scheduled } from '@imcore/protocol';
import { asError } from '../errors.js';
import type { ServerEvents } from '../events.js';
import type { ServerMetrics } from '../metrics.js';
import type { MessageStore } from '../ports/message-store.js';
import { toDeadMessage } from './kept-message.js';
import { isMessage } from './told-limits.js';

/** Messages that the store is asked to let expire at once. */
export const PAGE = 500;

/** How soon it is asked again where there were as many, in milliseconds: senders and receivers have their turn. */
const NEXT_PAGE_MS = 100;

export interface ExpiryParts {
  readonly clock: Clock;
  readonly events: Emitter<ServerEvents>;
  readonly metrics: ServerMetrics;
}

/** Has the store let go of what has waited too long, from time to time, and tells of it. */
export class Expiry {
  readonly #parts: ExpiryParts;
  readonly #store: MessageStore;
  readonly #everyMs: number;
  #timer: Scheduled | undefined = undefined;
  #work: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(parts: ExpiryParts, store: MessageStore, everyMs: number) {
    this.#parts = parts;
    this.#store = store;
    this.#everyMs = everyMs;
  }

  /** Begins, with a first look at once: the server may have been down for days. */
  start(): void {
    this.#work = this.#run();
  }

  /** Ends. Resolves when the store is not being asked any more. */
  stop(): Promise<void> {
    this.#isOver = true;
    this.#timer?.cancel();
    return this.#work;
  }

  async #run(): Promise<void> {
    const { clock, events, metrics } = this.#parts;
    let waitMs = this.#everyMs;
    try {
      const letters = await this.#store.expire(clock.wallTime(), PAGE);
      if (letters.length >= PAGE) waitMs = NEXT_PAGE_MS;
      const messages = letters.filter(isMessage);
      metrics.messagesExpired += messages.length;
      if (events.has('expired')) for (const letter of messages) events.emit('expired', toDeadMessage(letter));
      const slips = letters.filter((letter) => !isMessage(letter));
      if (slips.length > 0) await this.#store.discard(slips.map(({ id }) => id));
    } catch (error) {
      metrics.storeFailures += 1;
      events.emit('error', asError(error));
    }
    if (this.#isOver) return;
    this.#timer = clock.schedule(clock.now() + waitMs, () => this.start());
  }
}
