import { NOT_KICKED } from '@imcore/protocol';
import type { HostParts } from './host-parts.js';
import type { Session } from './session.js';
import type { User } from './user.js';

/** Whether, and as whom, one session is online: enters the directory, leaves it once, and reports the leaving. */
export class Presence {
  readonly #session: Session;
  readonly #parts: HostParts;
  #user: User | undefined = undefined;

  constructor(session: Session, parts: HostParts) {
    this.#session = session;
    this.#parts = parts;
  }

  /** The user that this session is in the directory for. */
  get user(): User | undefined {
    return this.#user;
  }

  /** The session is this user from now on; another user that it was before leaves. Called before the session knows. */
  enter(user: User): void {
    if (this.#user === user) return;
    this.leave(NOT_KICKED);
    this.#parts.metrics.usersOnline += 1;
    this.#user = user;
  }

  /** Leaves the directory; what was in flight to this user goes into other hands. */
  leave(kickCode: number): void {
    const user = this.#user;
    if (user === undefined) return;
    this.#user = undefined;
    this.#parts.courier.detach(user);
    this.#parts.directory.left(user);
    this.#reportOffline(kickCode);
  }

  /** Gives the place in the directory to another session of the same user. */
  giveWay(kickCode: number): void {
    if (this.#user === undefined) return;
    this.#user = undefined;
    this.#reportOffline(kickCode);
  }

  #reportOffline(kickCode: number): void {
    this.#parts.metrics.usersOnline -= 1;
    const { info } = this.#session;
    if (info !== undefined) this.#parts.events.emit('offline', { ...info, kickCode });
  }
}
