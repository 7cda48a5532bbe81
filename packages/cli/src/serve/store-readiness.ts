import type { Clock, MessageStore } from '@imcore/server';

/** Wait between two questions to a store that cannot store yet, in milliseconds. */
const ASK_EVERY_MS = 1000;

/**
 * Whether the store could store messages once since the start. A node that was started with a read-only database must get no users;
 * a database that fails later fails for all nodes, and must not take all of them out of the balancer.
 */
export class StoreReadiness {
  readonly #store: Pick<MessageStore, 'health'>;
  readonly #clock: Clock;
  #isReady = false;

  constructor(store: Pick<MessageStore, 'health'>, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Asks the store, each second until it is ready or `stopping` is aborted. Never rejects. */
  async start(stopping: AbortSignal): Promise<void> {
    const { ok } = await this.#store.health();
    this.#isReady = ok;
    if (ok || stopping.aborted) return;
    this.#clock.schedule(this.#clock.now() + ASK_EVERY_MS, () => void this.start(stopping));
  }
}
