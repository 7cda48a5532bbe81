import { type Clock, type Instant, NEVER, type Scheduled } from '@imcore/protocol';

/** What can wait in a {@link DeadlineRing}. The ring owns these fields while it waits. */
export interface RingEntry {
  dueAt: Instant;
  ring: DeadlineRing | undefined;
  previousInRing: RingEntry | undefined;
  nextInRing: RingEntry | undefined;
}

/**
 * Entries that all wait equally long, so that the order of entering is the order of falling due: entering, leaving
 * and starting anew cost a few assignments, and nothing is allocated.
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

  /** Starts an entry's wait, or starts it anew, whatever ring it was in. */
  start(entry: RingEntry, now: Instant): void {
    entry.ring?.stop(entry);
    // A whole number takes no room of its own, as a fraction does in each entry.
    entry.dueAt = Math.ceil(now) + this.waitMs;
    entry.ring = this;
    entry.previousInRing = this.#last;
    if (this.#last === undefined) {
      this.#first = entry;
      this.#onFirst(entry.dueAt);
    } else this.#last.nextInRing = entry;
    this.#last = entry;
  }

  /** Ends a wait before it is over. Without effect on an entry that does not wait here. */
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

  /** Hands out what is due at `now`. */
  runDue(now: Instant): void {
    for (let entry = this.#first; entry !== undefined && entry.dueAt <= now; entry = this.#first) {
      this.stop(entry);
      this.#onDue(entry);
    }
  }
}

/**
 * Every deadline of one server behind a single timer.
 *
 * The timer may fire early, when what it was set for has been acknowledged meanwhile: it then sets itself anew.
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

  /** A ring for entries that wait `waitMs` each. */
  ring<Entry extends RingEntry>(waitMs: number, onDue: (entry: Entry) => void): DeadlineRing {
    const ring = new DeadlineRing(waitMs, onDue as (entry: RingEntry) => void, (at) => this.#arm(at));
    this.#rings.push(ring);
    return ring;
  }

  /** Forgets all deadlines. */
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
