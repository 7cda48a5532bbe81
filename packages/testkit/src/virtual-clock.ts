import { type Clock, type Instant, NEVER, type Scheduled } from '@imcore/protocol';
import { settlePromises } from './settle-promises.js';

/** Runs at one instant after which the clock reports an endless loop. */
const MAX_RUNS_AT_ONE_INSTANT = 100_000;

/** The default `wallTime()` at instant 0, in milliseconds since 1970. */
const DEFAULT_WALL_TIME = 1_700_000_000_000;

/** A scheduled run: when it is due, and who scheduled it. */
export interface PendingRun {
  readonly at: Instant;
  readonly owner: string;
}

interface Entry extends PendingRun {
  readonly sequence: number;
  run: (() => void) | undefined;
}

/**
 * A clock that stands still until a test advances it.
 *
 * Runs are called in the order of their instants, and of their scheduling where those are equal. During a run `now()` is
 * its instant. No timer of the platform is used.
 */
export class VirtualClock implements Clock {
  #wallTimeAtZero: number;
  readonly #heap: Entry[] = [];
  #now: Instant = 0;
  #sequence = 0;
  #pending = 0;
  #runsAtThisInstant = 0;

  /** `wallTimeAtZero` is what `wallTime()` reads at instant 0, in milliseconds since 1970. */
  constructor(wallTimeAtZero: number = DEFAULT_WALL_TIME) {
    this.#wallTimeAtZero = wallTimeAtZero;
  }

  now(): Instant {
    return this.#now;
  }

  /** Sets the wall clock forward or, with a negative number, back, as an operator or NTP does. `now()` is not affected. */
  stepWallTime(ms: number): void {
    this.#wallTimeAtZero += ms;
  }

  wallTime(): number {
    return Math.floor(this.#wallTimeAtZero + this.#now);
  }

  schedule(at: Instant, run: () => void): Scheduled {
    return this.#schedule(at, run, 'unnamed');
  }

  /** The same clock for one part of a test, whose name {@link pendingRuns} gives for the runs that it schedules. */
  ownedBy(owner: string): Clock {
    return {
      now: () => this.#now,
      wallTime: () => this.wallTime(),
      schedule: (at, run) => this.#schedule(at, run, owner),
    };
  }

  /** How many runs are scheduled and not cancelled. */
  get pending(): number {
    return this.#pending;
  }

  /** When the next run is due; {@link NEVER} when there is none. */
  get nextAt(): Instant {
    return this.#peek()?.at ?? NEVER;
  }

  /** The scheduled runs, in the order in which they will be called. */
  pendingRuns(): PendingRun[] {
    return this.#heap
      .filter((entry) => entry.run !== undefined)
      .sort((a, b) => (isBefore(a, b) ? -1 : 1))
      .map(({ at, owner }) => ({ at, owner }));
  }

  /** Advances by `ms` and calls all runs that are due by then, including those that these runs schedule. */
  advance(ms: number): void {
    this.advanceTo(this.#now + ms);
  }

  advanceTo(at: Instant): void {
    while (this.nextAt <= at) this.runNext();
    this.#moveTo(at);
  }

  /**
   * Moves the time on without calling anything, as if the process had been stopped meanwhile. What was due by then is
   * called late, by the next {@link advance}.
   */
  pause(ms: number): void {
    this.#moveTo(this.#now + ms);
  }

  /** Advances to the next run and calls it. Returns false when there is none. */
  runNext(): boolean {
    const entry = this.#peek();
    if (entry === undefined) return false;
    this.#removeFirst();
    this.#moveTo(entry.at);
    this.#countRun(entry.owner);
    const run = entry.run;
    entry.run = undefined;
    this.#pending -= 1;
    run?.();
    return true;
  }

  /** Like {@link advance}, but lets promises settle before the first run and after each. */
  async advanceAsync(ms: number, turns?: number): Promise<void> {
    await this.advanceToAsync(this.#now + ms, turns);
  }

  async advanceToAsync(at: Instant, turns?: number): Promise<void> {
    await settlePromises(turns);
    while (this.nextAt <= at) {
      this.runNext();
      await settlePromises(turns);
    }
    this.#moveTo(at);
  }

  async runNextAsync(turns?: number): Promise<boolean> {
    const ran = this.runNext();
    await settlePromises(turns);
    return ran;
  }

  #schedule(at: Instant, run: () => void, owner: string): Scheduled {
    if (Number.isNaN(at)) throw new RangeError(`${owner} schedules a run at NaN`);
    if (at === NEVER) return { cancel() {} };
    const entry: Entry = { at: Math.max(at, this.#now), sequence: this.#sequence++, run, owner };
    this.#pending += 1;
    if (this.#heap.length > 2 * this.#pending + 64) this.#dropCancelled();
    this.#insert(entry);
    return {
      cancel: () => {
        if (entry.run === undefined) return;
        entry.run = undefined;
        this.#pending -= 1;
      },
    };
  }

  #moveTo(at: Instant): void {
    if (at <= this.#now) return;
    this.#now = at;
    this.#runsAtThisInstant = 0;
  }

  #countRun(owner: string): void {
    this.#runsAtThisInstant += 1;
    if (this.#runsAtThisInstant > MAX_RUNS_AT_ONE_INSTANT) {
      throw new Error(
        `endless loop: ${MAX_RUNS_AT_ONE_INSTANT} runs at ${this.#now} ms, the last by ${owner}`,
      );
    }
  }

  /** The first run that is not cancelled. Cancelled ones are removed when they reach the top of the heap. */
  #peek(): Entry | undefined {
    let first = this.#heap[0];
    while (first !== undefined && first.run === undefined) {
      this.#removeFirst();
      first = this.#heap[0];
    }
    return first;
  }

  /** Removes cancelled runs, of which long timeouts that are often restarted leave many. A sorted list is a heap. */
  #dropCancelled(): void {
    const waiting = this.#heap.filter((entry) => entry.run !== undefined);
    waiting.sort((a, b) => (isBefore(a, b) ? -1 : 1));
    this.#heap.length = 0;
    this.#heap.push(...waiting);
  }

  #insert(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.length;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || isBefore(parent, entry)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = entry;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      const takesRight = left !== undefined && right !== undefined && isBefore(right, left);
      const child = takesRight ? right : left;
      if (child === undefined || isBefore(last, child)) break;
      heap[index] = child;
      index = 2 * index + (takesRight ? 2 : 1);
    }
    heap[index] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}
