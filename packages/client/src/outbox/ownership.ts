import type { Channel, Locks, StoragePlatform } from './indexed-db-types.js';

/**
 * That a program is alive, for others to see: a Web Lock under its name, which the browser takes away with the page.
 * Who waits for the lock of another learns of its end. New programs make themselves known to those that are there.
 */
export class Ownership {
  readonly #place: string;
  readonly #locks: Locks;
  readonly #onGone: (owner: string) => Promise<void>;
  readonly #awaiting: { readonly signal: unknown; abort(): void };
  #channel: Channel | undefined;
  #letGo = (): void => {};

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

  /** Undefined where the platform cannot tell who is alive. `onGone` hears once of each that is awaited. */
  static async take(
    place: string,
    owner: string,
    { navigator, AbortController, BroadcastChannel }: StoragePlatform,
    onGone: (owner: string) => Promise<void>,
  ): Promise<Ownership | undefined> {
    if (navigator?.locks === undefined || AbortController === undefined) return undefined;
    const ownership = new Ownership(place, navigator.locks, new AbortController(), onGone);
    await ownership.#hold(owner);
    if (BroadcastChannel !== undefined) ownership.#meet(new BroadcastChannel(place), owner);
    return ownership;
  }

  /** Waits for the end of another one. Resolves when that was dealt with, or it is known to live. */
  async await(owner: string): Promise<void> {
    const name = this.#lockOf(owner);
    const isGone = await this.#locks.request(name, { ifAvailable: true }, async (lock) => {
      if (lock !== null) await this.#onGone(owner);
      return lock !== null;
    });
    if (isGone === true) return;
    const { signal } = this.#awaiting;
    // Ends with an error when this program lets go first.
    this.#locks.request(name, { signal }, () => this.#onGone(owner)).catch(() => {});
  }

  release(): void {
    this.#awaiting.abort();
    this.#channel?.close();
    this.#letGo();
  }

  #lockOf(owner: string): string {
    return `${this.#place}:${owner}`;
  }

  #hold(owner: string): Promise<void> {
    return new Promise((taken, failed) => {
      const whileHeld = (): Promise<void> => {
        taken();
        return new Promise((letGo) => {
          this.#letGo = letGo;
        });
      };
      this.#locks.request(this.#lockOf(owner), {}, whileHeld).catch(failed);
    });
  }

  /** Who comes later tells its name, so that its end is noticed too. */
  #meet(channel: Channel, owner: string): void {
    this.#channel = channel;
    channel.onmessage = ({ data }) => {
      if (typeof data === 'string') this.await(data).catch(() => {});
    };
    channel.postMessage(owner);
  }
}
