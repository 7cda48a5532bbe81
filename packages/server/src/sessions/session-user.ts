import { type LoginRequest, NOT_KICKED } from '@imcore/protocol';
import type { ServerCluster } from '../cluster/server-cluster.js';
import type { LocalRoute } from '../delivery/local-route.js';
import type { SessionEndReason } from '../events.js';
import type { SessionInfo } from '../hooks.js';
import type { Connection } from '../ports/transport.js';
import type { Runtime } from '../runtime.js';
import type { Outlet } from '../users/outlet.js';
import type { Device, User } from '../users/user.js';
import type { UserRegistry } from '../users/user-registry.js';

/** What the users of all sessions share. */
export interface SessionUserContext {
  readonly runtime: Runtime;
  readonly users: UserRegistry;
  readonly local: LocalRoute;
  /** Undefined for a server without a cluster. */
  readonly cluster: ServerCluster | undefined;
}

/** The session itself. */
interface SessionUserOwner extends Outlet {
  readonly connection: Connection;
  readonly isOpen: boolean;
}

/**
 * The user of a session: enters the user registry at a login and leaves it at the end, and emits the events of both. Listeners may end
 * the session, or kick its user out, during each of them.
 */
export class SessionUser {
  readonly #context: SessionUserContext;
  readonly #owner: SessionUserOwner;
  /** Undefined before the first login, and after the end. */
  device: Device | undefined = undefined;
  #info: SessionInfo | undefined = undefined;
  /** Whether the login's session is complete, so that its end is an event. */
  #hasStarted = false;

  constructor(context: SessionUserContext, owner: SessionUserOwner) {
    this.#context = context;
    this.#owner = owner;
  }

  get user(): User | undefined {
    return this.device?.user;
  }

  get info(): SessionInfo {
    return this.#info ?? describe(this.#owner.connection, 0, undefined, '', 0);
  }

  /** A login on this connection replaces its earlier one, if any, of this device or of another one. */
  endEarlier(device: Device): void {
    if (this.device === device) this.reportEnd('replaced', NOT_KICKED);
    else this.leave('replaced', NOT_KICKED);
  }

  /** The login is complete. The caller has called {@link endEarlier}. */
  enter(device: Device, login: LoginRequest, sessionId: number, firstLoginTime: number): void {
    const { runtime, local, cluster } = this.#context;
    const { events, metrics, clock } = runtime;
    const { user } = device;
    const info = describe(this.#owner.connection, sessionId, login, device.id, firstLoginTime);
    this.#info = info;
    metrics.loginsAccepted += 1;
    const isAttached = this.device === device && device.session !== undefined && device.feed === undefined;
    this.device = device;
    this.#hasStarted = false;
    if (!isAttached) local.attach(user, device, this.#owner, clock.now());
    // A listener for an event of the store may have ended it: it has never started.
    if (!this.#owner.isOpen) return;
    this.#hasStarted = true;
    if (!user.isReportedOnline) {
      user.isReportedOnline = true;
      metrics.usersOnline += 1;
      if (cluster === undefined && events.has('online'))
        events.emit('online', { userId: user.id, session: info });
    }
    if (this.#info === info && this.user === user) cluster?.claims.entered(device, info);
    // A listener for `online` may have ended it.
    if (this.#info === info && this.user === user && events.has('sessionStarted'))
      events.emit('sessionStarted', { session: info });
  }

  /** Leaves the user registry and emits the events. A second call does nothing. */
  leave(reason: SessionEndReason, kickCode: number): void {
    const { device } = this;
    if (device === undefined) return;
    const { user } = device;
    this.device = undefined;
    const { local, users, runtime, cluster } = this.#context;
    const { info } = this;
    user.sessionEnded(info);
    const wentOffline = local.detach(user, device);
    users.left(user, device);
    this.reportEnd(reason, kickCode);
    if (wentOffline && user.isReportedOnline) {
      user.isReportedOnline = false;
      runtime.metrics.usersOnline -= 1;
      if (cluster === undefined && runtime.events.has('offline'))
        runtime.events.emit('offline', { userId: user.id, session: info, kickCode });
    }
    if (device.session === undefined) cluster?.claims.left(device, info, kickCode);
  }

  /** Emits the end of the session, if it has started. */
  reportEnd(reason: SessionEndReason, kickCode: number): void {
    const { events } = this.#context.runtime;
    const hadStarted = this.#hasStarted;
    this.#hasStarted = false;
    if (hadStarted && events.has('sessionEnded'))
      events.emit('sessionEnded', { session: this.info, reason, kickCode });
  }
}

/** A session as the application sees it. `login` is undefined before the first login. */
function describe(
  { transport, remoteAddress, remotePort }: Connection,
  sessionId: number,
  login: LoginRequest | undefined,
  deviceId: string,
  firstLoginTime: number,
): SessionInfo {
  const { userId = '', extra } = login ?? {};
  return { sessionId, userId, deviceId, transport, remoteAddress, remotePort, firstLoginTime, extra };
}
