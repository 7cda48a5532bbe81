import { type Clock, type Instant, NEVER, type Scheduled } from '@imcore/protocol';

/** An entry of a {@link DeadlineRing}. The ring owns these fields while the entry is in it. */
export interface RingEntry {
  dueAt: Instant;
  ring: DeadlineRing | undefined;
  previousInRing: RingEntry | undefined;
  nextInRing: RingEntry | undefined;
}

/**
 * A linked list of entries that all wait equally long, so that they become due in the order in which they were started.
 * Starting, stopping and restarting an entry cost a few assignments and no allocation.
 */
export class DeadlineRing {
  readonly waitMs: number;
  readonly #onDue: (entry: RingEntry) => void;
  readonly #onFirst: (at: Instant) => void;
  #first: RingEntry | undefined;
  #last: RingEntry | undefined;

  constructor(waitMs: number, onDue: (entry: RingEntry) => void, onFirst: (at: Instant) => void) {
    this.waitMs = waitMs;
    this.#onDue = onDue;
    this.#onFirst = onFirst;
  }

  get nextDeadline(): Instant {
    return this.#first?.dueAt ?? NEVER;
  }

  /** Starts or restarts an entry's wait. Stops a wait in another ring. */
  start(entry: RingEntry, now: Instant): void {
    entry.ring?.stop(entry);
    // V8 stores a small whole number in the field itself, but allocates memory for a fraction.
    entry.dueAt = Math.ceil(now) + this.waitMs;
    entry.ring = this;
    entry.previousInRing = this.#last;
    if (this.#last === undefined) {
      this.#first = entry;
      this.#onFirst(entry.dueAt);
    } else this.#last.nextInRing = entry;
    this.#last = entry;
  }

  /** Stops an entry's wait. Does nothing if the entry is not in this ring. */
  stop(entry: RingEntry): void {
    if (entry.ring !== this) return;
    const { previousInRing, nextInRing } = entry;
    if (previousInRing === undefined) this.#first = nextInRing;
    else previousInRing.nextInRing = nextInRing;
    if (nextInRing === undefined) this.#last = previousInRing;
    else nextInRing.previousInRing = previousInRing;
    entry.ring = undefined;
    entry.previousInRing = undefined;
    entry.nextInRing = undefined;
  }

  /** Removes the entries that are due at `now` and calls `onDue` for each. */
  runDue(now: Instant): void {
    for (let entry = this.#first; entry !== undefined && entry.dueAt <= now; entry = this.#first) {
      this.stop(entry);
      this.#onDue(entry);
    }
  }
}

/**
 * All deadlines of one server, with a single timer.
 *
 * The timer is not reset when an entry is stopped. It may therefore fire early, and is then set again.
 */
export class DeadlineQueue {
  readonly #clock: Clock;
  readonly #rings: DeadlineRing[] = [];
  #timer: Scheduled | undefined;
  #timerAt: Instant = NEVER;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Creates a ring for entries that wait `waitMs` each. */
  ring<Entry extends RingEntry>(waitMs: number, onDue: (entry: Entry) => void): DeadlineRing {
    const ring = new DeadlineRing(waitMs, onDue as (entry: RingEntry) => void, (at) => this.#arm(at));
    this.#rings.push(ring);
    return ring;
  }

  /** Stops the timer. No deadline becomes due any more. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(at: Instant): void {
    if (at >= this.#timerAt || this.#isClosed) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = this.#clock.schedule(at, () => this.#run());
  }

  #run(): void {
    this.#timer = undefined;
    this.#timerAt = NEVER;
    const now = this.#clock.now();
    for (const ring of this.#rings) ring.runDue(now);
    let next = NEVER;
    for (const ring of this.#rings) next = Math.min(next, ring.nextDeadline);
    if (next < NEVER) this.#arm(next);
  }
}
