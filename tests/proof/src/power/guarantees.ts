import type { Nanoseconds } from './disk-recording.js';

/** The name of a message: its sender and receiver, and its number, from 0 in the order of sending. */
export interface MessageName {
  readonly pair: string;
  readonly number: number;
}

/**
 * A guarantee about a message, and when it was given. `stored`: it is durable. `leaving`: it may be removed from now on,
 * because the receiver has it. `removed`: it will not reappear.
 */
export interface Guarantee extends MessageName {
  readonly what: 'stored' | 'leaving' | 'removed';
  readonly at: Nanoseconds;
}

/** What a disk must contain, and must not. */
export interface Expectation {
  readonly waiting: readonly MessageName[];
  readonly removed: readonly MessageName[];
}

/** The guarantees of a run, and what a disk must contain at an instant. Instants must be in ascending order. */
export class Guarantees {
  readonly #given: readonly Guarantee[];
  readonly #waiting = new Map<string, MessageName>();
  readonly #leaving = new Set<string>();
  readonly #removed = new Map<string, MessageName>();
  #next = 0;
  #stored = 0;

  constructor(given: readonly Guarantee[]) {
    this.#given = [...given].sort((a, b) => a.at - b.at);
  }

  get instants(): readonly Nanoseconds[] {
    return this.#given.map(({ at }) => at);
  }

  /** How many messages were acknowledged so far. */
  get stored(): number {
    return this.#stored;
  }

  expectedAt(instant: Nanoseconds): Expectation {
    for (let guarantee = this.#given[this.#next]; guarantee !== undefined && guarantee.at <= instant; ) {
      this.#apply(guarantee);
      guarantee = this.#given[++this.#next];
    }
    return { waiting: [...this.#waiting.values()], removed: [...this.#removed.values()] };
  }

  /** All guarantees until the last call of {@link expectedAt}, with the instant 0, for a further recording. */
  carryOver(): readonly Guarantee[] {
    return this.#given.slice(0, this.#next).map((guarantee) => ({ ...guarantee, at: 0 }));
  }

  #apply({ pair, number, what }: Guarantee): void {
    const name = { pair, number };
    const key = nameText(name);
    if (what === 'stored') {
      this.#stored += 1;
      if (!this.#leaving.has(key)) this.#waiting.set(key, name);
      return;
    }
    this.#leaving.add(key);
    this.#waiting.delete(key);
    if (what === 'removed') this.#removed.set(key, name);
  }
}

export function nameText({ pair, number }: MessageName): string {
  return `${pair}/${number}`;
}
