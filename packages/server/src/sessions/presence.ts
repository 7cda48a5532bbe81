import { type LoginRequest, NOT_KICKED } from '@imcore/protocol';
import type { Connection } from '../gateways/gateway.js';
import type { OnlineUser } from '../hooks.js';
import type { HostParts } from './host-parts.js';
import type { User } from './user.js';

/** Whether, and as whom, one session is online: enters the directory, leaves it once, and reports the leaving. */
export class Presence {
  readonly #parts: HostParts;
  #user: User | undefined = undefined;

  constructor(parts: HostParts) {
    this.#parts = parts;
  }

  /** The user that this session is in the directory for. */
  get user(): User | undefined {
    return this.#user;
  }

  /** The session is this user from now on; another user that it was before, `info`, leaves. */
  enter(user: User, info: OnlineUser | undefined): void {
    if (this.#user === user) return;
    this.leave(NOT_KICKED, info);
    this.#parts.metrics.usersOnline += 1;
    this.#user = user;
  }

  /** Leaves the directory; what was in flight to this user goes into other hands. */
  leave(kickCode: number, info: OnlineUser | undefined): void {
    const user = this.#user;
    if (user === undefined) return;
    this.#user = undefined;
    this.#parts.courier.detach(user);
    this.#parts.directory.left(user);
    this.#reportOffline(kickCode, info);
  }

  /** Gives the place in the directory to another session of the same user. */
  giveWay(kickCode: number, info: OnlineUser | undefined): void {
    if (this.#user === undefined) return;
    this.#user = undefined;
    this.#reportOffline(kickCode, info);
  }

  #reportOffline(kickCode: number, info: OnlineUser | undefined): void {
    this.#parts.metrics.usersOnline -= 1;
    if (info !== undefined) this.#parts.events.emit('offline', { ...info, kickCode });
  }
}

/** A session as the application sees it, which has logged in, or has not yet. */
export function describeSession(
  connection: Connection,
  login?: LoginRequest,
  firstLoginTime = 0,
): OnlineUser {
  const { transport, remoteAddress, remotePort } = connection;
  const { userId = '', extra } = login ?? {};
  return { userId, transport, remoteAddress, remotePort, firstLoginTime, extra };
}
