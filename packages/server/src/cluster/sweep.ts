import type { Instant } from '@imcore/protocol';
import { asError } from '../errors.js';
import type { LogPlace, SharedStore } from '../ports/message-store.js';
import type { Runtime } from '../runtime.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';
import type { UserRegistry } from '../users/user-registry.js';

/** Wait between two sweeps while all is well, and while hints may be missing, in milliseconds. */
const EVERY_MS = 60_000;
const SOON_MS = 1000;

/** For how long after the loss of a node its messages are looked for each second, in milliseconds. */
const AFTER_LOSS_MS = 5 * 60_000;

/**
 * A sweep begins at the earliest after so many times what the last one took, unless that failed, and after 10 s at the latest: a
 * pause of this process says nothing about the next sweep.
 */
const REST = 20;
const MAX_REST_MS = 10_000;

/** Maximum number of users in one question to the store. */
const MAX_PLACES = 1000;

/**
 * Asks the store for which of the users who are online here messages wait that nobody has hinted: when a node has come or gone,
 * when hints were lost, when the bus is back, and each minute; each second while the bus is away, and after the loss of a node.
 */
export class Sweep implements RingEntry {
  readonly #runtime: Runtime;
  readonly #store: SharedStore;
  readonly #users: UserRegistry;
  /** The store may have entries for a user who is online here. */
  readonly #wake: (userId: string) => void;
  readonly #soon: DeadlineRing;
  readonly #later: DeadlineRing;
  #isRunning = false;
  #isDue = false;
  #isAway = true;
  #lostAt: Instant = Number.NEGATIVE_INFINITY;
  #restUntil: Instant = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  /** `wake` is called for each user whose log has something that was not read. */
  constructor(runtime: Runtime, store: SharedStore, users: UserRegistry, wake: (userId: string) => void) {
    this.#runtime = runtime;
    this.#store = store;
    this.#users = users;
    this.#wake = wake;
    this.#soon = runtime.timers.ring<Sweep>(SOON_MS, (sweep) => sweep.request());
    this.#later = runtime.timers.ring<Sweep>(EVERY_MS, (sweep) => sweep.request());
  }

  /** Hints travel from now on, or no longer. */
  setAway(isAway: boolean): void {
    this.#isAway = isAway;
    this.request();
  }

  /** A node was lost: it may have stored messages that it has not hinted, or still do so. */
  nodeLost(): void {
    this.#lostAt = this.#runtime.clock.now();
    this.request();
  }

  /** Sweeps now, or again when the sweep under way has ended. */
  request(): void {
    if (this.#isStopped) return;
    this.#isDue = true;
    const now = this.#runtime.clock.now();
    if (now < this.#restUntil) this.#soon.start(this, now);
    else if (!this.#isRunning) void this.#run();
  }

  stop(): void {
    this.#isStopped = true;
    this.ring?.stop(this);
  }

  async #run(): Promise<void> {
    const { clock, metrics, events } = this.#runtime;
    this.#isRunning = true;
    this.#isDue = false;
    this.ring?.stop(this);
    const began = clock.now();
    metrics.clusterSweeps += 1;
    let hasFailed = false;
    try {
      await this.#sweep();
    } catch (error) {
      hasFailed = true;
      metrics.storeFailures += 1;
      events.emit('error', asError(error));
    }
    this.#isRunning = false;
    if (this.#isStopped) return;
    const now = clock.now();
    this.#restUntil = hasFailed ? now : now + Math.min(REST * (now - began), MAX_REST_MS);
    const mustBeSoon = this.#isDue || hasFailed || this.#isAway || now - this.#lostAt < AFTER_LOSS_MS;
    (mustBeSoon ? this.#soon : this.#later).start(this, now);
  }

  async #sweep(): Promise<void> {
    const userIds = Array.from(this.#users.online(), ({ id }) => id);
    for (let at = 0; at < userIds.length && !this.#isStopped; at += MAX_PLACES) {
      const places = userIds.slice(at, at + MAX_PLACES).flatMap((userId) => this.#placesOf(userId));
      const waiting = await this.#store.whichWait(places);
      this.#runtime.metrics.clusterSweepFinds += waiting.size;
      for (const userId of waiting) this.#wake(userId);
    }
  }

  /** How far the log of a user was read here: for the v6 device, and for the named device that has read least. */
  #placesOf(userId: string): readonly LogPlace[] {
    const user = this.#users.find(userId);
    if (user === undefined) return [];
    const places: LogPlace[] = [];
    if (user.primary !== undefined) places.push({ userId, after: user.queue?.position ?? 0, device: 'v6' });
    const feeds = [...(user.named?.values() ?? [])].flatMap(({ feed }) =>
      feed === undefined ? [] : [feed.last],
    );
    if (feeds.length > 0) places.push({ userId, after: Math.min(...feeds), device: 'named' });
    return places;
  }
}
