import type { Clock } from '@imcore/protocol';
import type { DeadlineQueue, DeadlineRing } from '../scheduling/deadline-queue.js';
import { User, type UserParts } from './user.js';

/**
 * The users that this server knows: who is online here, and who was lately.
 *
 * A user without a session is forgotten after `rememberMs`, when no copy of what it sent can still arrive.
 */
export class Directory {
  readonly #clock: Clock;
  readonly #users = new Map<string, User>();
  readonly #forgetting: DeadlineRing;
  readonly #userParts: UserParts;

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
    let user = this.#users.get(userId);
    if (user === undefined) {
      user = new User(userId, this.#userParts);
      this.#users.set(userId, user);
    }
    this.#forgetting.stop(user);
    return user;
  }

  /** The user has no session any more. */
  left(user: User): void {
    this.#forgetting.start(user, this.#clock.now());
  }

  *online(): IterableIterator<User> {
    for (const user of this.#users.values()) if (user.mailbox.session !== undefined) yield user;
  }

  #forget(user: User): void {
    if (user.mailbox.isEmpty) this.#users.delete(user.id);
    else if (user.mailbox.session === undefined) this.left(user);
  }
}
