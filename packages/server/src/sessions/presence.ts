import { NOT_KICKED } from '@imcore/protocol';
import type { Connection } from '../gateways/gateway.js';
import type { OnlineUser } from '../hooks.js';
import type { HostParts } from './host-parts.js';
import type { Session } from './session.js';
import type { User } from './user.js';

/** Whether, and as whom, one session is online: enters the directory, leaves it once, and reports the leaving. */
export class Presence {
  readonly #parts: HostParts;
  #user: User | undefined = undefined;
  #info: OnlineUser | undefined = undefined;

  constructor(parts: HostParts) {
    this.#parts = parts;
  }

  /** The user that this session is in the directory for. */
  get user(): User | undefined {
    return this.#user;
  }

  /** The session as the application sees it; undefined before its first login. */
  get info(): OnlineUser | undefined {
    return this.#info;
  }

  /** The session is this user from now on; another user that it was before leaves. */
  enter(user: User, info: OnlineUser): void {
    if (this.#user !== user) {
      this.leave(NOT_KICKED);
      this.#parts.metrics.usersOnline += 1;
    }
    this.#user = user;
    this.#info = info;
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
    if (this.#info !== undefined) this.#parts.events.emit('offline', { ...this.#info, kickCode });
  }
}

/** A session as the application sees it. */
export function describeSession(connection: Connection, session: Session): OnlineUser {
  const { transport, remoteAddress, remotePort } = connection;
  const { userId = '', extra, firstLoginTime } = session;
  return { userId, transport, remoteAddress, remotePort, firstLoginTime, extra };
}
