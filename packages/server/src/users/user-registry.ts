import { DEFAULT_DUPLICATE_LIMITS, Digest } from '@imcore/protocol';
import type { Runtime } from '../runtime.js';
import type { DeadlineRing } from '../timers/deadline-queue.js';
import type { Outlet } from './outlet.js';
import type { Device } from './user.js';
import { User, type UserSettings } from './user.js';

/** Maximum number of fingerprints that are remembered of all offline users together. */
const MAX_REMEMBERED_AWAY = 200_000;

/** Maximum number of offline users that are remembered. Forged logins over UDP can make up any number of users. */
const MAX_AWAY = 100_000;

/**
 * The users that this server knows: those who are online here, and those who were recently.
 *
 * A user without a session is forgotten after 10 minutes, when no copy of its messages can arrive any more. If offline users
 * are too many, or have too many fingerprints together, those who have been offline longest are forgotten earlier.
 */
export class UserRegistry {
  readonly #runtime: Runtime;
  readonly #users = new Map<string, User>();
  readonly #forgetting: DeadlineRing;
  readonly #settings: UserSettings;
  readonly #maxRememberedAway: number;
  readonly #maxAway: number;
  /** Users without a session and the number of fingerprints remembered of each; the longest offline first. */
  readonly #away = new Map<User, number>();
  #rememberedOfAway = 0;

  constructor(runtime: Runtime, maxRememberedAway = MAX_REMEMBERED_AWAY, maxAway = MAX_AWAY) {
    this.#runtime = runtime;
    this.#maxRememberedAway = maxRememberedAway;
    this.#maxAway = maxAway;
    this.#settings = {
      digest: new Digest(),
      duplicateLimits: DEFAULT_DUPLICATE_LIMITS,
      underWay: runtime.underWay,
      stamp: runtime.stamp,
      onForgotten: (user) => this.#reportForgotten(user, DEFAULT_DUPLICATE_LIMITS.maxRemembered),
    };
    const { rememberMs } = DEFAULT_DUPLICATE_LIMITS;
    this.#forgetting = runtime.timers.ring<User>(rememberMs, (user) => this.#forget(user));
  }

  find(userId: string): User | undefined {
    return this.#users.get(userId);
  }

  /** Returns the user's record; creates it if there is none. The caller gives it a session. */
  enter(userId: string): User {
    const known = this.#users.get(userId);
    if (known !== undefined) {
      this.#forgetting.stop(known);
      this.#cameBack(known);
      return known;
    }
    const user = new User(userId, this.#settings);
    this.#users.set(userId, user);
    return user;
  }

  /** A session of the user has ended; the user may have others. */
  left(user: User, device: Device): void {
    if (device.session === undefined) user.removeDevice(device);
    if (user.isOnline) return;
    this.#wentAway(user);
    if (this.#rememberedOfAway > this.#maxRememberedAway || this.#away.size > this.#maxAway)
      this.#forgetLongestAway();
  }

  *online(): IterableIterator<User> {
    for (const user of this.#users.values()) if (user.isOnline) yield user;
  }

  /** All open sessions of users, in no particular order. */
  *sessions(): IterableIterator<Outlet> {
    for (const user of this.online()) {
      for (const { session } of user.onlineDevices()) if (session !== undefined) yield session;
    }
  }

  #wentAway(user: User): void {
    this.#forgetting.start(user, this.#runtime.clock.now());
    this.#cameBack(user);
    this.#away.set(user, user.remembered);
    this.#rememberedOfAway += user.remembered;
  }

  #cameBack(user: User): void {
    this.#rememberedOfAway -= this.#away.get(user) ?? 0;
    this.#away.delete(user);
  }

  #forgetLongestAway(): void {
    for (const user of this.#away.keys()) {
      const areTooMany = this.#away.size > this.#maxAway;
      if (!areTooMany && this.#rememberedOfAway <= this.#maxRememberedAway) return;
      const { remembered } = user;
      if (user.isOnline || (!areTooMany && remembered === 0)) continue;
      this.#forgetting.stop(user);
      this.#forget(user);
      if (remembered > 0) this.#reportForgotten(user, areTooMany ? this.#maxAway : this.#maxRememberedAway);
    }
  }

  #reportForgotten({ id, session }: User, value: number): void {
    const { metrics, events } = this.#runtime;
    metrics.limitRemembered += 1;
    const remoteAddress = session?.info.remoteAddress ?? '';
    events.emit('limited', { limit: 'rememberedFingerprints', value, remoteAddress, userId: id });
  }

  #forget(user: User): void {
    this.#cameBack(user);
    if (!user.isOnline) this.#users.delete(user.id);
  }
}
