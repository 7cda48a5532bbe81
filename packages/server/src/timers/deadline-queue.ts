import { type Clock, type Instant, NEVER, type Scheduled } from '@imcore/protocol';

/** An entry of a {@link DeadlineRing}. The ring owns these fields while the entry is in it. */
export interface RingEntry {
  /** The deadline, before {@link PausedTime} is added. */
  dueAt: Instant;
  ring: DeadlineRing | undefined;
  previousInRing: RingEntry | undefined;
  nextInRing: RingEntry | undefined;
}

/** How often the queue looks at the clock while anything waits, in milliseconds. */
const LOOK_EVERY_MS = 250;

/** A timer that fires so much too late shows that the process did not run, in milliseconds. Less is ordinary load. */
const PAUSE_MS = 500;

/** For how long the process did not run, in milliseconds: this time is no part of any wait. */
interface PausedTime {
  ms: number;
}

/**
 * A linked list of entries that all wait equally long, so that they become due in the order in which they were started.
 * Starting, stopping and restarting an entry cost a few assignments and no allocation.
 */
export class DeadlineRing {
  readonly waitMs: number;
  readonly #onDue: (entry: RingEntry) => void;
  readonly #onFirst: (at: Instant) => void;
  readonly #paused: PausedTime;
  #first: RingEntry | undefined;
  #last: RingEntry | undefined;

  constructor(
    waitMs: number,
    onDue: (entry: RingEntry) => void,
    onFirst: (at: Instant) => void,
    paused: PausedTime,
  ) {
    this.waitMs = waitMs;
    this.#onDue = onDue;
    this.#onFirst = onFirst;
    this.#paused = paused;
  }

  get nextDeadline(): Instant {
    return this.#first === undefined ? NEVER : this.#first.dueAt + this.#paused.ms;
  }

  /** Starts or restarts an entry's wait. Stops a wait in another ring. */
  start(entry: RingEntry, now: Instant): void {
    entry.ring?.stop(entry);
    // V8 stores a small whole number in the field itself, but allocates memory for a fraction.
    entry.dueAt = Math.ceil(now) + this.waitMs - this.#paused.ms;
    entry.ring = this;
    entry.previousInRing = this.#last;
    if (this.#last === undefined) {
      this.#first = entry;
      this.#onFirst(this.nextDeadline);
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
    const until = now - this.#paused.ms;
    for (let entry = this.#first; entry !== undefined && entry.dueAt <= until; entry = this.#first) {
      this.stop(entry);
      this.#onDue(entry);
    }
  }
}

/**
 * All deadlines of one server, with a single timer.
 *
 * The timer is not reset when an entry is stopped. It may therefore fire early, and is then set again. It is never set more
 * than 250 ms ahead: if it fires much too late, the process did not run meanwhile (it was stopped, or its machine was
 * suspended). All deadlines are then moved by that time, and looked at 250 ms later: what peers and stores have sent
 * meanwhile is still unread, and must be read before anyone is found to be late.
 */
export class DeadlineQueue {
  readonly #clock: Clock;
  readonly #rings: DeadlineRing[] = [];
  readonly #paused: PausedTime = { ms: 0 };
  readonly #onPause: (ms: number) => void;
  #timer: Scheduled | undefined;
  #timerAt: Instant = NEVER;
  #isClosed = false;
  /** Whether nothing was judged at the last look, because the process had not run before it. */
  #isWaiting = false;

  /** `onPause` is called with the time for which the process did not run, in milliseconds. */
  constructor(clock: Clock, onPause: (ms: number) => void = () => {}) {
    this.#clock = clock;
    this.#onPause = onPause;
  }

  /** Creates a ring for entries that wait `waitMs` each. */
  ring<Entry extends RingEntry>(waitMs: number, onDue: (entry: Entry) => void): DeadlineRing {
    const onFirst = (at: Instant): void => this.#arm(at);
    const ring = new DeadlineRing(waitMs, onDue as (entry: RingEntry) => void, onFirst, this.#paused);
    this.#rings.push(ring);
    return ring;
  }

  /** Stops the timer. No deadline becomes due any more. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(deadline: Instant): void {
    if (deadline >= this.#timerAt || this.#isClosed) return;
    const at = Math.min(deadline, this.#clock.now() + LOOK_EVERY_MS);
    if (at >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = this.#clock.schedule(at, () => this.#run());
  }

  #run(): void {
    const now = this.#clock.now();
    const wasPaused = this.#addPause(now - this.#timerAt);
    this.#timer = undefined;
    this.#timerAt = NEVER;
    // Not twice in a row, so that a process that is always late still ends what is due.
    this.#isWaiting = wasPaused && !this.#isWaiting;
    if (this.#isWaiting) {
      this.#arm(now + LOOK_EVERY_MS);
      return;
    }
    for (const ring of this.#rings) ring.runDue(now);
    let next = NEVER;
    for (const ring of this.#rings) next = Math.min(next, ring.nextDeadline);
    if (next < NEVER) this.#arm(next);
  }

  /** Moves all deadlines if the timer fired so much too late that the process cannot have run. */
  #addPause(lateMs: number): boolean {
    if (lateMs < PAUSE_MS) return false;
    // A whole number, like the deadlines: see DeadlineRing.start.
    const ms = Math.ceil(lateMs);
    this.#paused.ms += ms;
    this.#onPause(ms);
    return true;
  }
}
