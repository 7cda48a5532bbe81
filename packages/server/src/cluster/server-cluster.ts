import type { BinaryString } from '@imcore/protocol';
import type { Delivery } from '../delivery/delivery.js';
import { ClusterError } from '../errors.js';
import type { Cluster } from '../ports/cluster.js';
import type { Entry, MessageStore, Position, SharedStore } from '../ports/message-store.js';
import type { Runtime } from '../runtime.js';
import type { Ticks } from '../ticks.js';
import { type StoredQueue, V6_DEVICE } from '../users/user.js';
import type { UserRegistry } from '../users/user-registry.js';
import type { Claim, SessionClaim } from './claims.js';
import type { ClusterListener, NodeInfo, UserPage } from './cluster-listener.js';
import { ClusterNode } from './cluster-node.js';
import { ClusterPresence } from './cluster-presence.js';
import { Drain, type DrainOptions } from './drain.js';
import type { Hint, Kick, NodeState } from './frames.js';
import { LateNotices } from './late-notices.js';
import { OwnClaims } from './own-claims.js';
import { RecentAppends } from './recent-appends.js';
import { Sweep } from './sweep.js';

/** What the server offers to its cluster. */
interface ClusterParts {
  readonly cluster: Cluster;
  readonly store: MessageStore;
  readonly shared: SharedStore;
  readonly users: UserRegistry;
  /** The queue of a user who is online here; undefined for all others. */
  readonly queueOf: (userId: string) => StoredQueue | undefined;
  /**
   * Another server has appended an entry to the log of a user who may be online here; undefined: one that is not known. `taken`: it
   * needs no read of the log for the v6 device; `none`: that has no session here.
   */
  readonly take: (userId: string, entry: Entry | undefined) => 'taken' | 'old' | 'read' | 'none';
  /** Writes a message without QoS to its receiver, if the receiver is online here. */
  readonly deliver: (body: BinaryString) => void;
  readonly ticks: Ticks;
  /** A session of a user has become known at another node. */
  readonly claimAdded: (claim: Claim) => void;
  /** Calls the hook `onStored` for a message that waits. */
  readonly notify: (entry: Entry) => void;
  /** Resolves when `onStored` can be called for many more messages. */
  readonly notifierReady: () => Promise<void>;
  /** Ends the server: another process has its name. */
  readonly giveUp: () => void;
  /** From now on rejects new users, and closes the ports where the transport can do that. */
  readonly rejectNewUsers: () => void;
}

/**
 * This server in its cluster. Announces its sessions and ends those that lose to a later login elsewhere; tells the nodes of
 * receivers that the store has messages for them, and reads what others have stored for users who are online here.
 *
 * @see docs/adr/0025-many-nodes-log-first.md
 */
export class ServerCluster implements ClusterListener {
  /** The claims of this node's sessions. */
  readonly claims: OwnClaims;
  readonly #runtime: Runtime;
  readonly #parts: ClusterParts;
  readonly #recent = new RecentAppends();
  readonly #sweep: Sweep;
  readonly #presence: ClusterPresence;
  readonly #notices: LateNotices;
  /** Undefined until {@link start} knows the store's identity. */
  #node: ClusterNode | undefined;
  #isClosed = false;
  #drain: Drain | undefined;

  constructor(runtime: Runtime, parts: ClusterParts) {
    const { store, shared, users, take, cluster, notify, notifierReady, ticks } = parts;
    this.#runtime = runtime;
    this.#parts = parts;
    this.#sweep = new Sweep(runtime, shared, users, (userId) => void take(userId, undefined));
    const isOnline = (userId: string): boolean => this.whereIs(userId).length > 0;
    this.#notices = new LateNotices(runtime, { store, shared, isOnline, notify, notifierReady });
    this.#presence = new ClusterPresence(runtime, cluster.nodeId);
    this.claims = new OwnClaims(runtime, {
      ...{ users, ticks, presence: this.#presence },
      node: () => this.#node,
    });
  }

  /**
   * Joins the cluster; resolves without its bus, too. Does nothing if the server was closed before the store has told its identity.
   *
   * @throws StoreError if the store does not tell its identity
   */
  async start(): Promise<void> {
    const { cluster, shared } = this.#parts;
    const identity = await shared.identity();
    if (this.#isClosed) return;
    this.#node = new ClusterNode(this.#runtime, cluster, identity, this);
    await this.#node.start();
    this.#sweep.request();
  }

  get state(): NodeState {
    return this.#drain === undefined ? 'up' : 'draining';
  }

  /** @throws UsageError `ERR_INVALID_OPTION` */
  drain(options: DrainOptions): Promise<void> {
    if (this.#drain !== undefined) return this.#drain.done;
    const { users, rejectNewUsers } = this.#parts;
    const nodes = (): readonly NodeInfo[] => this.nodes();
    const drain = new Drain({ runtime: this.#runtime, users, nodes, rejectNewUsers }, options);
    // Its users would find no other node.
    if (!drain.canMove) return Promise.resolve();
    this.#drain = drain;
    this.#node?.setState('draining');
    drain.start();
    return drain.done;
  }

  /** The server closes: sessions end all at once. */
  stopDraining(): void {
    this.#drain?.stop();
  }

  /** Leaves the cluster: the sessions of this server have ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sweep.stop();
    this.#notices.stop();
    await this.#node?.close();
  }

  get nodeId(): string {
    return this.#parts.cluster.nodeId;
  }

  /** Number of users with a session at any node. */
  get onlineCount(): number {
    return this.#node?.onlineCount ?? 0;
  }

  nodes(): readonly NodeInfo[] {
    return this.#node?.nodes() ?? [];
  }

  whereIs(userId: string): readonly Claim[] {
    return this.#node?.whereIs(userId) ?? [];
  }

  /** Whether a user has a session at another node. */
  isElsewhere(userId: string): boolean {
    return (this.#node?.nodesOf(userId).length ?? 0) > 0;
  }

  /** `onStored` was not called for a message that this server has stored, because its receiver is online at another node. */
  withhold(userId: string, position: Position): void {
    this.#notices.withhold(userId, position);
  }

  /** The claim of another node with which a login of this device must be compared. */
  rivalOf(userId: string, deviceId: string): Claim | undefined {
    return this.#node?.rivalOf({ userId, deviceId });
  }

  /**
   * Ends sessions of a user at the other nodes. Resolves with their number.
   *
   * @throws ClusterError `ERR_NODE_TIMEOUT`
   */
  kickElsewhere(kick: Kick): Promise<number> {
    return this.#node?.kick(kick) ?? Promise.resolve(0);
  }

  /** @throws ClusterError `ERR_NODE_UNKNOWN`, `ERR_NODE_TIMEOUT` */
  async listElsewhere(nodeId: string, after: string, limit: number): Promise<UserPage> {
    if (this.#node === undefined)
      throw new ClusterError('ERR_NODE_UNKNOWN', `node ${nodeId} is not in the cluster`);
    return this.#node.list(nodeId, after, limit);
  }

  /** The store may have got a message for a user. `entry`: the one that it has got, if that is known. */
  appended(userId: string, entry?: Entry): void {
    this.#recent.add(userId, this.#runtime.clock.now());
    for (const nodeId of this.#node?.nodesOf(userId) ?? []) this.#node?.hint(nodeId, userId, entry);
  }

  hinted(hints: readonly Hint[]): void {
    const { metrics } = this.#runtime;
    for (const hint of hints) {
      const isKnown = typeof hint !== 'string';
      const outcome = this.#parts.take(isKnown ? logOf(hint) : hint, isKnown ? hint : undefined);
      if (outcome === 'taken') metrics.clusterHintsTaken += 1;
      else if (outcome === 'read') metrics.clusterReadsWoken += 1;
    }
  }

  /** Sends a message without QoS to the other nodes of its receiver. Returns false if it does not fit into a frame, or there are none. */
  pass({ to, body }: Delivery): boolean {
    const nodeIds = this.#node?.nodesOf(to) ?? [];
    return nodeIds.map((nodeId) => this.#node?.pass(nodeId, body)).includes(true);
  }

  passed(bodies: readonly BinaryString[]): void {
    for (const body of bodies) this.#parts.deliver(body);
  }

  claimAdded(claim: Claim): void {
    const { userId, deviceId, nodeId } = claim;
    const user = this.#parts.users.find(userId);
    if (deviceId !== V6_DEVICE && user !== undefined) user.usesLog = true;
    if (this.#recent.has(userId, this.#runtime.clock.now())) this.#node?.hint(nodeId, userId);
    this.#parts.claimAdded(claim);
  }

  claimRemoved(): void {}

  claimLost(own: Claim, winner: Claim): void {
    this.claims.lost(own, winner);
  }

  userAdded(session: SessionClaim): void {
    this.#presence.changed(session, true, false);
  }

  userRemoved(session: SessionClaim, cause: 'session-ended' | 'node-removed'): void {
    this.#notices.wentOffline(session.userId, cause === 'node-removed');
    this.#presence.changed(session, false, cause === 'node-removed');
  }

  nodeAdded(nodeId: string): void {
    this.#peersChanged();
    this.#runtime.events.emit('node', { nodeId, state: 'added' });
    this.#sweep.request();
  }

  nodeRemoved(nodeId: string): void {
    this.#peersChanged();
    this.#runtime.events.emit('node', { nodeId, state: 'removed' });
    this.#sweep.nodeLost();
  }

  hintsLost(): void {
    this.#sweep.request();
  }

  busJoined(): void {
    this.#runtime.events.emit('cluster', { state: 'joined', error: undefined });
    this.#sweep.setAway(false);
  }

  busAway(error: Error): void {
    this.#runtime.events.emit('cluster', { state: 'away', error });
    this.#sweep.setAway(true);
  }

  kick({ userId, deviceId, code, reason, upTo }: Kick): number {
    const devices = this.#parts.users.find(userId)?.onlineDevices() ?? [];
    const chosen = devices.filter(({ id, claimStamp = Number.POSITIVE_INFINITY }) => {
      return (deviceId === undefined || id === deviceId) && (upTo === undefined || claimStamp <= upTo);
    });
    for (const { session } of chosen) session?.kick(code, reason);
    return chosen.length;
  }

  list(after: string, limit: number): readonly string[] {
    const following: string[] = [];
    for (const { id } of this.#parts.users.online()) if (id > after) following.push(id);
    return following.sort().slice(0, limit);
  }

  failed(error: ClusterError): void {
    this.#runtime.events.emit('error', error);
    if (error.code === 'ERR_CLUSTER_NAME_TAKEN') this.#parts.giveUp();
  }

  #peersChanged(): void {
    this.#presence.setPeers(this.nodes().map(({ nodeId }) => nodeId));
  }
}

/** The user in whose log an entry is. */
function logOf({ kind, from, to }: Entry): string {
  return kind === 'echo' ? from : to;
}
