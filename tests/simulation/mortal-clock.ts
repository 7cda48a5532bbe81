import type { Clock, Instant, Scheduled } from '@imcore/protocol';

/** The time of a program that can die: from then on nothing that it has scheduled happens, and nothing new is taken. */
export class MortalClock implements Clock {
  readonly #clock: Clock;
  readonly #scheduled = new Set<Scheduled>();
  #isDead = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  now(): Instant {
    return this.#clock.now();
  }

  wallTime(): number {
    return this.#clock.wallTime();
  }

  schedule(at: Instant, run: () => void): Scheduled {
    if (this.#isDead) return { cancel() {} };
    const scheduled = this.#clock.schedule(at, () => {
      this.#scheduled.delete(scheduled);
      run();
    });
    this.#scheduled.add(scheduled);
    return {
      cancel: () => {
        this.#scheduled.delete(scheduled);
        scheduled.cancel();
      },
    };
  }

  die(): void {
    this.#isDead = true;
    for (const scheduled of this.#scheduled) scheduled.cancel();
    this.#scheduled.clear();
  }
}
