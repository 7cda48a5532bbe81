import { KickOutCode } from '@imcore/protocol';
import type { Claim } from '../cluster/claims.js';
import type { ServerCluster } from '../cluster/server-cluster.js';
import { asError, UsageError } from '../errors.js';
import type { MessageStore, StoredDevice } from '../ports/message-store.js';
import type { Runtime } from '../runtime.js';
import { mayMakeRoom, mustMakeRoom, type PolicyDevice, type SessionPolicy } from '../users/session-policy.js';
import { type User, V6_DEVICE } from '../users/user.js';
import type { UserRegistry } from '../users/user-registry.js';

/** A device of a user. */
export interface DeviceInfo {
  /** Empty for the device that all clients of MobileIMSDK share. */
  readonly id: string;
  /** For example `web`, `ios` or `bot`; may be empty. */
  readonly kind: string;
  /** For people; may be empty. */
  readonly name: string;
  /** When it last logged in, milliseconds since 1970; an hour old at most while it is online. */
  readonly seenAt: number;
  /** Whether it has a session; in a cluster, at any node. */
  readonly isOnline: boolean;
}

/** Default of the option `sessions.maxDevices`. */
const MAX_DEVICES = 10;

/** How old the time is allowed to be when a device was last seen, in milliseconds: not each login is worth a write. */
export const SEEN_EVERY_MS = 60 * 60 * 1000;

/** The device of all v6 clients, which has taken nothing yet if the store does not know it. */
export function v6Device(seenAt: number): StoredDevice {
  return { id: V6_DEVICE, kind: '', name: '', position: 0, seenAt };
}

/** What {@link Devices} needs of the server. */
interface DeviceParts {
  readonly store: MessageStore;
  readonly users: UserRegistry;
  readonly cluster: ServerCluster | undefined;
  readonly policy: SessionPolicy;
  /** Whether a device has a session, at any node. */
  readonly isOnline: (userId: string, deviceId: string) => boolean;
}

/** The devices of users, as the store knows them. */
export class Devices {
  readonly #runtime: Runtime;
  readonly #parts: DeviceParts;
  #isClosed = false;

  constructor(runtime: Runtime, parts: DeviceParts) {
    this.#runtime = runtime;
    this.#parts = parts;
  }

  /**
   * Returns the devices of a user, in the order of their IDs; the device of the clients of MobileIMSDK only while it is online, as
   * the store cannot tell whether there is one.
   *
   * @throws UsageError `ERR_NOT_LISTENING` if the server is closed, StoreError
   */
  async list(userId: string): Promise<readonly DeviceInfo[]> {
    const { store, isOnline } = this.#parts;
    this.#requireOpen();
    const devices = await store.devices(userId);
    return devices
      .map(({ id, kind, name, seenAt }) => ({ id, kind, name, seenAt, isOnline: isOnline(userId, id) }))
      .filter((device) => device.id !== V6_DEVICE || device.isOnline);
  }

  /**
   * Ends the sessions of a device and forgets how far it has read. If its client logs in again, it is a new device. Resolves with
   * whether it was there.
   *
   * @throws UsageError `ERR_NOT_LISTENING` if the server is closed, StoreError, ClusterError `ERR_NODE_TIMEOUT`
   */
  async remove(userId: string, deviceId: string): Promise<boolean> {
    const { store } = this.#parts;
    this.#requireOpen();
    await this.#kick(userId, deviceId, KickOutCode.Administrator);
    this.#requireOpen();
    const device = (await store.devices(userId)).find(({ id }) => id === deviceId);
    if (device === undefined || !(await store.removeDevice(userId, deviceId))) return false;
    this.removed(userId, device);
    return true;
  }

  /** The server is closed, and its store with it. */
  close(): void {
    this.#isClosed = true;
  }

  /** @throws UsageError */
  #requireOpen(): void {
    if (this.#isClosed)
      throw new UsageError('ERR_NOT_LISTENING', 'devices was used on a server that is closed');
  }

  /** @throws ClusterError */
  async #kick(userId: string, deviceId: string, code: number): Promise<void> {
    const { users, cluster } = this.#parts;
    users.find(userId)?.findDevice(deviceId)?.session?.kick(code, undefined);
    await cluster?.kickElsewhere({ userId, deviceId, code, reason: undefined, upTo: undefined });
  }

  /** Ends the sessions of a user that must make room for one that has just logged in. */
  makeRoomFor(user: User, device: PolicyDevice, others: readonly PolicyDevice[]): void {
    const { policy, cluster } = this.#parts;
    const code = KickOutCode.DuplicateLogin;
    for (const other of user.onlineDevices())
      if (mustMakeRoom(device, other, policy)) other.session?.kick(code, undefined);
    if (cluster === undefined) return;
    const kinds = new Map(others.map(({ id, kind }) => [id, kind]));
    // Sessions that begin later at another node make this one end.
    const upTo = this.#runtime.clock.wallTime();
    for (const { deviceId } of cluster.whereIs(user.id)) {
      const other = { id: deviceId, kind: kinds.get(deviceId) ?? '' };
      if (!mustMakeRoom(device, other, policy)) continue;
      const kick = { userId: user.id, deviceId, code, reason: undefined, upTo };
      cluster
        .kickElsewhere(kick)
        .catch((error: unknown) => this.#runtime.events.emit('error', asError(error)));
    }
  }

  /**
   * A session of a user has become known at another node. Two logins at two nodes in the same moment do not know of each other:
   * the one with the earlier claim makes room now.
   */
  claimAdded(claim: Claim): void {
    const { users, policy } = this.#parts;
    const user = users.find(claim.userId);
    if (user?.isOnline !== true || !mayMakeRoom(policy)) return;
    this.#makeRoomForClaim(claim, user).catch((error: unknown) => {
      this.#runtime.metrics.storeFailures += 1;
      this.#runtime.events.emit('error', asError(error));
    });
  }

  /** @throws StoreError */
  async #makeRoomForClaim({ userId, deviceId, stamp, nodeId }: Claim, user: User): Promise<void> {
    const { store, policy, cluster } = this.#parts;
    const devices = await store.devices(userId);
    const kind = devices.find(({ id }) => id === deviceId)?.kind ?? '';
    const claims = cluster?.whereIs(userId) ?? [];
    if (!claims.some((claim) => claim.nodeId === nodeId && claim.stamp === stamp)) return;
    for (const own of user.onlineDevices()) {
      const isEarlier =
        own.claimStamp !== undefined &&
        (own.claimStamp < stamp || (own.claimStamp === stamp && (cluster?.nodeId ?? '') < nodeId));
      if (isEarlier && mustMakeRoom({ id: deviceId, kind }, own, policy))
        own.session?.kick(KickOutCode.DuplicateLogin, undefined);
    }
  }

  /**
   * Removes the named devices that were away the longest, so that there is room for one more. If all are online, those that were
   * not seen logging in for the longest time are kicked out. Stops when the session that needs the room has ended: the store may be
   * closed then.
   *
   * @throws StoreError, ClusterError
   */
  async makeRoomInStore(
    userId: string,
    devices: readonly StoredDevice[],
    session: { readonly isOpen: boolean },
  ): Promise<void> {
    const { store, isOnline, policy } = this.#parts;
    const max = (policy.maxDevices ?? MAX_DEVICES) - 1;
    const named = devices.filter(({ id }) => id !== V6_DEVICE);
    const longestAway = named
      .map((device) => ({ device, isHere: isOnline(userId, device.id) }))
      .sort((a, b) => Number(a.isHere) - Number(b.isHere) || a.device.seenAt - b.device.seenAt)
      .slice(0, Math.max(0, named.length - max));
    for (const { device, isHere } of longestAway) {
      if (isHere) await this.#kick(userId, device.id, KickOutCode.DuplicateLogin);
      if (!session.isOpen) return;
      if (await store.removeDevice(userId, device.id)) this.removed(userId, device);
    }
  }

  /**
   * A user with named devices has logged in with a v6 client: its device must not expire. Written once an hour at most while the
   * user is known here.
   */
  v6LoggedIn(user: User): void {
    const { clock, metrics, events } = this.#runtime;
    const now = clock.wallTime();
    if (now - user.v6SeenAt < SEEN_EVERY_MS) return;
    user.v6SeenAt = now;
    this.#parts.store.putDevice(user.id, v6Device(now)).catch((error: unknown) => {
      user.v6SeenAt = 0;
      metrics.storeFailures += 1;
      events.emit('error', asError(error));
    });
  }

  /** A device was added to the store. */
  added(userId: string, device: StoredDevice): void {
    this.#runtime.events.emit('deviceAdded', { userId, device });
  }

  /** A device was removed from the store. */
  removed(userId: string, device: StoredDevice): void {
    const { metrics, events } = this.#runtime;
    metrics.devicesRemoved += 1;
    events.emit('deviceRemoved', { userId, device });
  }
}
