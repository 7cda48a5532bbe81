import type { Nanoseconds } from './disk-recording.js';

/** Names a message of a proof: its sender and receiver, and its number among theirs, from 0 in order of sending. */
export interface MessageName {
  readonly pair: string;
  readonly number: number;
}

/**
 * What was said about a message, and when. `stored`: it is safe. `leaving`: it may be gone from now on, because its
 * receiver has it. `gone`: it will not come back.
 */
export interface PromiseMade extends MessageName {
  readonly what: 'stored' | 'leaving' | 'gone';
  readonly at: Nanoseconds;
}

/** What a disk must hold, and must not. */
export interface Owed {
  readonly waiting: readonly MessageName[];
  readonly gone: readonly MessageName[];
}

/** The promises of a run, in order of time; answers what is owed at an instant, for instants that only grow. */
export class Promises {
  readonly #made: readonly PromiseMade[];
  readonly #waiting = new Map<string, MessageName>();
  readonly #leaving = new Set<string>();
  readonly #gone = new Map<string, MessageName>();
  #next = 0;
  #stored = 0;

  constructor(made: readonly PromiseMade[]) {
    this.#made = [...made].sort((a, b) => a.at - b.at);
  }

  get instants(): readonly Nanoseconds[] {
    return this.#made.map(({ at }) => at);
  }

  /** Messages that were called safe so far. */
  get stored(): number {
    return this.#stored;
  }

  owedAt(instant: Nanoseconds): Owed {
    for (let made = this.#made[this.#next]; made !== undefined && made.at <= instant; ) {
      this.#take(made);
      made = this.#made[++this.#next];
    }
    return { waiting: [...this.#waiting.values()], gone: [...this.#gone.values()] };
  }

  /** All that was said until the last question, as if it had been said before everything else. */
  carryOver(): readonly PromiseMade[] {
    return this.#made.slice(0, this.#next).map((made) => ({ ...made, at: 0 }));
  }

  #take({ pair, number, what }: PromiseMade): void {
    const name = { pair, number };
    const key = nameText(name);
    if (what === 'stored') {
      this.#stored += 1;
      if (!this.#leaving.has(key)) this.#waiting.set(key, name);
      return;
    }
    this.#leaving.add(key);
    this.#waiting.delete(key);
    if (what === 'gone') this.#gone.set(key, name);
  }
}

export function nameText({ pair, number }: MessageName): string {
  return `${pair}/${number}`;
}
