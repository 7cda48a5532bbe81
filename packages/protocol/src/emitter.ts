/** Removes the listener. */
export type Unsubscribe = () => void;

/**
 * A typed event emitter.
 *
 * If a listener throws, the error is passed to `onListenerError` and the other listeners are still called.
 */
export class Emitter<Events extends object> {
  /** The lists are immutable and replaced on change, so that `emit` can iterate without a copy. */
  readonly #listeners = new Map<keyof Events, readonly ((event: never) => void)[]>();
  readonly #onListenerError: (error: unknown, name: keyof Events) => void;

  constructor(onListenerError: (error: unknown, name: keyof Events) => void) {
    this.#onListenerError = onListenerError;
  }

  /** Adds a listener; adding the same one again has no effect. Returns a function that removes it. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): Unsubscribe {
    const listeners = this.#listeners.get(name) ?? [];
    if (!listeners.includes(listener)) this.#listeners.set(name, [...listeners, listener]);
    return () => this.off(name, listener);
  }

  /** Removes a listener. */
  off<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): void {
    const left = this.#listeners.get(name)?.filter((each) => each !== listener) ?? [];
    if (left.length > 0) this.#listeners.set(name, left);
    else this.#listeners.delete(name);
  }

  /** Returns whether an event has listeners, so that the caller can skip creating it. */
  has(name: keyof Events): boolean {
    return this.#listeners.has(name);
  }

  /** The listeners of an event, in the order in which they were added. */
  listeners<Name extends keyof Events>(name: Name): readonly ((event: Events[Name]) => unknown)[] {
    return (this.#listeners.get(name) ?? []) as readonly ((event: Events[Name]) => unknown)[];
  }

  /** Calls the listeners of an event in the order in which they were added. */
  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return;
    for (const listener of listeners) {
      try {
        (listener as (event: Events[Name]) => void)(event);
      } catch (error) {
        this.#onListenerError(error, name);
      }
    }
  }
}
