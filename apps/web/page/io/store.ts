import type { AppState } from '../model/app-state.js';
import type { AppEffect, Step } from '../model/effects.js';
import type { AppEvent } from '../model/events.js';
import { update } from '../model/update.js';

/** Holds the state. Processes events in order, executes their effects and notifies the listeners. */
export class Store {
  #state: AppState;
  #carryOut: (effect: AppEffect) => void = () => {};
  readonly #listeners = new Set<() => void>();
  readonly #waiting: AppEvent[] = [];
  #isRunning = false;

  constructor(state: AppState) {
    this.#state = state;
  }

  get state(): AppState {
    return this.#state;
  }

  /** Sets the function that executes effects. */
  connect(carryOut: (effect: AppEffect) => void): void {
    this.#carryOut = carryOut;
  }

  /** Calls the listener after each change. Returns a function that removes it. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Processes an event. Events that its effects cause are processed after it. */
  dispatch(event: AppEvent): void {
    this.#waiting.push(event);
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.apply(update(this.#state, next));
    }
    this.#isRunning = false;
  }

  /** Sets a state that does not result from an event, and executes its effects. */
  apply({ state, effects }: Step<AppState>): void {
    const hasChanged = state !== this.#state;
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
    if (hasChanged) for (const listener of this.#listeners) listener();
  }
}
