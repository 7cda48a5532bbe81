import { type Clock, type Instant, NEVER, type Scheduled } from '@imcore/protocol';

/** One wake-up call that can be moved. Holds at most one run of the clock, and none while it is set to {@link NEVER}. */
export class Alarm {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #scheduled: Scheduled | undefined;
  #at: Instant = NEVER;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** Moves the call to `at`. */
  set(at: Instant): void {
    if (at === this.#at) return;
    this.#scheduled?.cancel();
    this.#at = at;
    this.#scheduled = at === NEVER ? undefined : this.#clock.schedule(at, () => this.#ring());
  }

  #ring(): void {
    this.#at = NEVER;
    this.#scheduled = undefined;
    this.#wake();
  }
}
