/** Those who want to know of changes. */
export class Subscribers {
  readonly #listeners = new Set<{ readonly call: () => void }>();

  get size(): number {
    return this.#listeners.size;
  }

  /** Adds a listener; the same function may be added several times. Returns a function that removes it. */
  add(call: () => void): () => void {
    const listener = { call };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  notify(): void {
    for (const { call } of [...this.#listeners]) call();
  }
}
