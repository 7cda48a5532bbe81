import { type Clock, type Instant, NEVER, type Scheduled } from '@imcore/protocol';

/** A timer that fires so much too late shows that the program did not run, in milliseconds. Less is ordinary load. */
const LATE_MS = 500;

/** How long a program that did not run reads before anything is judged, in milliseconds. */
const READ_FIRST_MS = 250;

/**
 * A timer with one deadline that can be moved. Schedules nothing while the deadline is {@link NEVER}.
 *
 * If it fires much too late, the program did not run meanwhile: it was stopped, or its device was suspended. What the server
 * has sent since then is still unread. The timer then waits a moment longer, so that it is read before a link counts as lost
 * or a message as not acknowledged.
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #scheduled: Scheduled | undefined;
  /** The deadline. */
  #at: Instant = NEVER;
  /** When the timer should fire. */
  #timerAt: Instant = NEVER;
  #readsUntil: Instant = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** Moves the deadline to `at`. */
  set(at: Instant): void {
    if (at === this.#at) return;
    this.#isLate();
    this.#at = at;
    this.#schedule();
  }

  #schedule(): void {
    this.#scheduled?.cancel();
    this.#timerAt = this.#at === NEVER ? NEVER : Math.max(this.#at, this.#readsUntil, this.#clock.now());
    this.#scheduled =
      this.#timerAt === NEVER ? undefined : this.#clock.schedule(this.#timerAt, () => this.#fire());
  }

  #fire(): void {
    if (this.#isLate()) {
      this.#schedule();
      return;
    }
    this.#at = NEVER;
    this.#timerAt = NEVER;
    this.#scheduled = undefined;
    this.#wake();
  }

  /** Whether the timer is much too late; then it waits a moment longer. Not twice in a row. */
  #isLate(): boolean {
    const now = this.#clock.now();
    if (now - this.#timerAt < LATE_MS || this.#timerAt <= this.#readsUntil) return false;
    this.#readsUntil = now + READ_FIRST_MS;
    return true;
  }
}
