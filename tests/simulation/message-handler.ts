import type { Clock } from '@imcore/protocol';
import type { SeededRandom } from '@imcore/testkit';

/** How a program handles messages. */
export interface HandlingPlan {
  /** Longest time that it needs for one, in milliseconds. */
  readonly maxMs: number;
  /** Probability that it fails. */
  readonly failure: number;
}

/** The work of one program with the messages that it receives: one after another, each takes a while, and some fail. */
export class MessageHandler {
  readonly #plan: HandlingPlan;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #hasCrashed: () => boolean;
  #last: Promise<unknown> = Promise.resolve();

  constructor(plan: HandlingPlan, clock: Clock, random: SeededRandom, hasCrashed: () => boolean) {
    this.#plan = plan;
    this.#clock = clock;
    this.#random = random;
    this.#hasCrashed = hasCrashed;
  }

  /**
   * Calls `done` when a message was handled, or `failed` if `mayFail` and it was not. Resolves after `done`, rejects after
   * `failed`. A program that has crashed does neither.
   */
  handle(mayFail: boolean, done: () => void, failed: () => void): Promise<void> {
    const handled = this.#last.then(async () => {
      await this.#work();
      if (this.#hasCrashed()) await new Promise<never>(() => {});
      if (mayFail && this.#random.chance(this.#plan.failure)) {
        failed();
        throw new Error('the application failed to handle a message');
      }
      done();
    });
    this.#last = handled.catch(() => {});
    return handled;
  }

  #work(): Promise<void> {
    const ms = this.#random.between(0, this.#plan.maxMs);
    return new Promise((resolve) => this.#clock.schedule(this.#clock.now() + ms, resolve));
  }
}
