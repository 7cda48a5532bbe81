import type { Clock, Instant, Scheduled } from '@imcore/protocol';

/** The clock of a process that can crash: its pending runs are cancelled then, and later ones are ignored. */
export class CrashableClock implements Clock {
  readonly #clock: Clock;
  readonly #scheduled = new Set<Scheduled>();
  #hasCrashed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get hasCrashed(): boolean {
    return this.#hasCrashed;
  }

  now(): Instant {
    return this.#clock.now();
  }

  wallTime(): number {
    return this.#clock.wallTime();
  }

  schedule(at: Instant, run: () => void): Scheduled {
    if (this.#hasCrashed) return { cancel() {} };
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

  crash(): void {
    this.#hasCrashed = true;
    for (const scheduled of this.#scheduled) scheduled.cancel();
    this.#scheduled.clear();
  }
}
