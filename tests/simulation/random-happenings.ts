import type { SeededRandom, VirtualClock } from '@imcore/testkit';

/** Happenings with their relative weights. */
export type Weighted<Subject> = readonly (readonly [weight: number, happen: (subject: Subject) => void])[];

/** What happenings need of a simulated world. */
interface HappeningsParts {
  readonly random: SeededRandom;
  readonly clock: Pick<VirtualClock, 'now' | 'schedule'>;
  readonly journal: { note(who: string, what: string): void };
  readonly users: readonly string[];
  /** Longest pause between two happenings, in milliseconds. */
  readonly maxPauseMs: number;
}

/** Makes something random happen again and again until it is stopped. */
export abstract class RandomHappenings {
  protected readonly random: SeededRandom;
  readonly #parts: HappeningsParts;
  #isStopped = false;
  #messages = 0;

  constructor(parts: HappeningsParts) {
    this.random = parts.random;
    this.#parts = parts;
  }

  start(): void {
    this.after(this.random.between(0, this.#parts.maxPauseMs), () => {
      this.next();
      this.start();
    });
  }

  /** Nothing new happens from now on. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Makes one thing happen. */
  protected abstract next(): void;

  /** Chooses by weight. */
  protected choose<Subject>(table: Weighted<Subject>): (subject: Subject) => void {
    const total = table.reduce((sum, [weight]) => sum + weight, 0);
    let at = this.random.between(0, total);
    for (const [weight, happen] of table) {
      at -= weight;
      if (at < 0) return happen;
    }
    return () => {};
  }

  protected userId(): string {
    return this.random.pick(this.#parts.users);
  }

  /** The content of the next message. */
  protected content(): string {
    this.#messages += 1;
    return `message ${this.#messages} 消息`;
  }

  protected note(what: string): void {
    this.#parts.journal.note('happens', what);
  }

  /** Calls `run` after some time, unless this is stopped by then. */
  protected after(ms: number, run: () => void): void {
    const { clock } = this.#parts;
    clock.schedule(clock.now() + ms, () => {
      if (!this.#isStopped) run();
    });
  }
}
