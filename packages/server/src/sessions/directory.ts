import type { Clock } from '@imcore/protocol';
import type { DeadlineQueue, DeadlineRing } from '../scheduling/deadline-queue.js';
import { User, type UserParts } from './user.js';

/**
 * The users that this server knows: who is online here, and who was lately.
 *
 * A user without a session is forgotten after `rememberMs`, when no copy of what it sent can still arrive; earlier,
 * the longest away first, when those who are away have too many fingerprints together.
 */
export class Directory {
  readonly #clock: Clock;
  readonly #users = new Map<string, User>();
  readonly #forgetting: DeadlineRing;
  readonly #userParts: UserParts;
  /** Users without a session, the longest away first, with how many fingerprints are remembered of each. */
  readonly #away = new Map<User, number>();
  #rememberedOfAway = 0;

  constructor(clock: Clock, deadlines: DeadlineQueue, rememberMs: number, userParts: UserParts) {
    this.#clock = clock;
    this.#userParts = userParts;
    this.#forgetting = deadlines.ring<User>(rememberMs, (user) => this.#forget(user));
  }

  find(userId: string): User | undefined {
    return this.#users.get(userId);
  }

  /** The user's record, made where there is none. The caller gives it a session. */
  enter(userId: string): User {
    const known = this.#users.get(userId);
    if (known !== undefined) {
      this.#forgetting.stop(known);
      this.#cameBack(known);
      return known;
    }
    const user = new User(userId, this.#userParts);
    this.#users.set(userId, user);
    return user;
  }

  /** The user has no session any more. */
  left(user: User): void {
    this.#forgetting.start(user, this.#clock.now());
    this.#cameBack(user);
    this.#away.set(user, user.remembered);
    this.#rememberedOfAway += user.remembered;
    if (this.#rememberedOfAway > this.#userParts.maxRememberedAway) this.#forgetLongestAway();
  }

  *online(): IterableIterator<User> {
    for (const user of this.#users.values()) if (user.mailbox.session !== undefined) yield user;
  }

  #cameBack(user: User): void {
    this.#rememberedOfAway -= this.#away.get(user) ?? 0;
    this.#away.delete(user);
  }

  #forgetLongestAway(): void {
    for (const user of this.#away.keys()) {
      if (this.#rememberedOfAway <= this.#userParts.maxRememberedAway) return;
      if (!user.mailbox.isEmpty || user.remembered === 0) continue;
      this.#forgetting.stop(user);
      this.#forget(user);
      this.#userParts.onForgotten(user, 'maxRememberedAway');
    }
  }

  #forget(user: User): void {
    this.#cameBack(user);
    if (user.mailbox.isEmpty) this.#users.delete(user.id);
    else if (user.mailbox.session === undefined) this.left(user);
  }
}
