import { type Clock, type Instant, NEVER, type Scheduled } from '@imcore/protocol';

/** A timer with one deadline that can be moved. Schedules nothing while the deadline is {@link NEVER}. */
export class Alarm {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #scheduled: Scheduled | undefined;
  #at: Instant = NEVER;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** Moves the deadline to `at`. */
  set(at: Instant): void {
    if (at === this.#at) return;
    this.#scheduled?.cancel();
    this.#at = at;
    this.#scheduled = at === NEVER ? undefined : this.#clock.schedule(at, () => this.#fire());
  }

  #fire(): void {
    this.#at = NEVER;
    this.#scheduled = undefined;
    this.#wake();
  }
}
