import { KickOutCode } from '@imcore/protocol';
import type { SessionInfo } from '../hooks.js';
import type { Runtime } from '../runtime.js';
import type { Ticks } from '../ticks.js';
import type { Device } from '../users/user.js';
import type { UserRegistry } from '../users/user-registry.js';
import { type Claim, type DeviceKey, kickOutOf } from './claims.js';
import type { ClusterNode } from './cluster-node.js';
import type { ClusterPresence } from './cluster-presence.js';
import { PendingClaims } from './pending-claims.js';

interface OwnClaimParts {
  readonly users: UserRegistry;
  readonly ticks: Ticks;
  readonly presence: ClusterPresence;
  /** Undefined before this server is a node. */
  readonly node: () => ClusterNode | undefined;
}

/** The claims of this node's sessions: made when a session has started, withdrawn when it has ended, lost to later logins elsewhere. */
export class OwnClaims {
  readonly #parts: OwnClaimParts;
  readonly #pending: PendingClaims;

  constructor(runtime: Runtime, parts: OwnClaimParts) {
    this.#parts = parts;
    this.#pending = new PendingClaims(runtime, (device, session) => this.#claim(device, session));
  }

  /** A session has started. Its claim follows within milliseconds, or at once if it replaces a session of this node. */
  entered(device: Device, session: SessionInfo): void {
    device.since = this.#parts.ticks.next();
    if (device.claimStamp === undefined) this.#pending.add(device, session);
    else this.#claim(device, session);
  }

  /** A session has ended, and its device has no other one. */
  left(device: Device, session: SessionInfo, kickCode: number): void {
    this.#pending.delete(device);
    const { claimStamp } = device;
    device.claimStamp = undefined;
    const node = this.#parts.node();
    if (claimStamp === undefined || node === undefined) return;
    this.#parts.presence.whileAnnouncing(session, kickCode, () => node.withdraw(keyOf(device), claimStamp));
  }

  /** A session of this node loses to one of another node. */
  lost(own: Claim, winner: Claim): void {
    const device = this.#parts.users.find(own.userId)?.findDevice(own.deviceId);
    if (device?.claimStamp !== own.stamp) return;
    // Two sessions of a device with a feed are those of one client.
    const code = device.feed === undefined ? kickOutOf(own, winner) : undefined;
    if (code === undefined) device.session?.end();
    else device.session?.kick(code, undefined);
  }

  /** Announces a session, unless a later login elsewhere has become known since. */
  #claim(device: Device, session: SessionInfo): void {
    const node = this.#parts.node();
    if (node === undefined) return;
    const { firstLoginTime } = session;
    const key = keyOf(device);
    const rival = node.rivalOf(key);
    if (rival !== undefined && rival.firstLoginTime > firstLoginTime) {
      if (device.feed === undefined) device.session?.kick(KickOutCode.DuplicateLogin, undefined);
      else device.session?.end();
      return;
    }
    const isFirstLogin = device.sentLoginTime !== firstLoginTime;
    this.#parts.presence.whileAnnouncing(session, -1, () => {
      device.claimStamp = node.claim(key, firstLoginTime, isFirstLogin).stamp;
    });
  }
}

function keyOf({ id, user }: Device): DeviceKey {
  return { userId: user.id, deviceId: id };
}
