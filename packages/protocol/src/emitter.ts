/** Ends a listener's subscription. */
export type Unsubscribe = () => void;

/**
 * Typed events: any number of listeners, no answer.
 *
 * A listener that throws does not keep the others from hearing: its error goes to `onListenerError`.
 */
export class Emitter<Events extends object> {
  /** A list is never changed but replaced: whoever goes through one need not copy it. */
  readonly #listeners = new Map<keyof Events, readonly ((event: never) => void)[]>();
  readonly #onListenerError: (error: unknown, name: keyof Events) => void;

  constructor(onListenerError: (error: unknown, name: keyof Events) => void) {
    this.#onListenerError = onListenerError;
  }

  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): Unsubscribe {
    const listeners = this.#listeners.get(name) ?? [];
    if (!listeners.includes(listener)) this.#listeners.set(name, [...listeners, listener]);
    return () => this.off(name, listener);
  }

  off<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): void {
    const left = this.#listeners.get(name)?.filter((each) => each !== listener) ?? [];
    if (left.length > 0) this.#listeners.set(name, left);
    else this.#listeners.delete(name);
  }

  /** Whether building an event is worth it. */
  has(name: keyof Events): boolean {
    return this.#listeners.has(name);
  }

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
