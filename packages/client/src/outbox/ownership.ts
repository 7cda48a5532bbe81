import type { Channel, Locks, StoragePlatform } from './indexed-db-types.js';

/**
 * Shows other tabs that this one is alive: it holds a Web Lock with its name, which the browser releases when the page is
 * closed. A tab that waits for the lock of another one learns when that ends. A new tab announces itself to the others.
 */
export class Ownership {
  readonly #place: string;
  readonly #locks: Locks;
  readonly #onGone: (owner: string) => Promise<void>;
  readonly #awaiting: { readonly signal: unknown; abort(): void };
  #channel: Channel | undefined;
  #unlock = (): void => {};

  private constructor(
    place: string,
    locks: Locks,
    awaiting: { readonly signal: unknown; abort(): void },
    onGone: (owner: string) => Promise<void>,
  ) {
    this.#place = place;
    this.#locks = locks;
    this.#awaiting = awaiting;
    this.#onGone = onGone;
  }

  /** Returns undefined if the platform has no Web Locks. `onGone` is called once for each watched owner that has ended. */
  static async take(
    place: string,
    owner: string,
    { navigator, AbortController, BroadcastChannel }: StoragePlatform,
    onGone: (owner: string) => Promise<void>,
  ): Promise<Ownership | undefined> {
    if (navigator?.locks === undefined || AbortController === undefined) return undefined;
    const ownership = new Ownership(place, navigator.locks, new AbortController(), onGone);
    await ownership.#lock(owner);
    if (BroadcastChannel !== undefined) ownership.#announce(new BroadcastChannel(place), owner);
    return ownership;
  }

  /** Watches another owner. Resolves when it is known to be alive, or has ended and `onGone` has completed. */
  async watch(owner: string): Promise<void> {
    const name = this.#lockOf(owner);
    const isGone = await this.#locks.request(name, { ifAvailable: true }, async (lock) => {
      if (lock !== null) await this.#onGone(owner);
      return lock !== null;
    });
    if (isGone === true) return;
    const { signal } = this.#awaiting;
    // Rejects if this tab releases first.
    this.#locks.request(name, { signal }, () => this.#onGone(owner)).catch(() => {});
  }

  release(): void {
    this.#awaiting.abort();
    this.#channel?.close();
    this.#unlock();
  }

  #lockOf(owner: string): string {
    return `${this.#place}:${owner}`;
  }

  #lock(owner: string): Promise<void> {
    return new Promise((taken, failed) => {
      const whileHeld = (): Promise<void> => {
        taken();
        return new Promise((resolve) => {
          this.#unlock = resolve;
        });
      };
      this.#locks.request(this.#lockOf(owner), {}, whileHeld).catch(failed);
    });
  }

  /** Announces this owner, and watches owners that announce themselves later. */
  #announce(channel: Channel, owner: string): void {
    this.#channel = channel;
    channel.onmessage = ({ data }) => {
      if (typeof data === 'string') this.watch(data).catch(() => {});
    };
    channel.postMessage(owner);
  }
}
