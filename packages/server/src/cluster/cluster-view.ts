import { KickOutCode } from '@imcore/protocol';
import { UsageError } from '../errors.js';
import type { NodeInfo, UserPage } from './cluster-listener.js';
import type { DrainOptions } from './drain.js';
import type { NodeState } from './frames.js';
import type { ServerCluster } from './server-cluster.js';

/** A session of a user at some node. */
export interface UserPlace {
  readonly nodeId: string;
  /** `""` for v6 clients. */
  readonly deviceId: string;
}

/** Options of {@link ClusterView.kick}. */
export interface ClusterKickOptions {
  /** Only the session of this device; `""` for that of v6 clients. Default: all sessions of the user. */
  readonly deviceId?: string | undefined;
  /** The kick-out code; see `KickOptions`. Default 2. */
  readonly code?: number | undefined;
  /** Text for the client; at most 1024 bytes as JSON, since it must fit into a frame. Default none. */
  readonly reason?: string | undefined;
}

/** Maximum size of a reason as JSON, in bytes. */
const MAX_REASON_BYTES = 1024;

/** Maximum number of users in one answer of {@link ClusterView.list}. */
const MAX_LISTED = 1000;

/**
 * The cluster, as this node knows it: `ImServer.cluster`. What is returned at once is late by up to 100 ms, and by up to 2.5 s where
 * the bus loses frames; the sessions of a node that died are known for up to 4.3 s longer.
 */
export class ClusterView {
  readonly #cluster: ServerCluster;

  constructor(cluster: ServerCluster) {
    this.#cluster = cluster;
  }

  /** The name of this node. */
  get nodeId(): string {
    return this.#cluster.nodeId;
  }

  /** Whether this node takes new users: `draining` once {@link drain} was called. Let a readiness check of a load balancer fail then. */
  get state(): NodeState {
    return this.#cluster.state;
  }

  /**
   * Sends the users of this node to the others, before it is closed: accepts new users for 5 s more, since load balancers are
   * late to notice, and then ends sessions in small waves, oldest first. Clients come back by themselves, and must then be led to
   * another node. Resolves when all sessions have ended, after `withinMs` at the latest, or when the server is closed; at once
   * if no other node takes users. If they all go later, or drain as well, it waits for one of them and ends no session meanwhile:
   * event `drain`. A second call waits for the first.
   *
   * @throws UsageError `ERR_INVALID_OPTION`
   */
  async drain(options: DrainOptions = {}): Promise<void> {
    await this.#cluster.drain(options);
  }

  /** Number of users who are online at any node. */
  get onlineCount(): number {
    return this.#cluster.onlineCount;
  }

  /** The other nodes, in the order in which they became known. */
  nodes(): readonly NodeInfo[] {
    return this.#cluster.nodes();
  }

  /** Whether a user has a session at any node. */
  isOnline(userId: string): boolean {
    return this.#cluster.whereIs(userId).length > 0;
  }

  /** Where a user has sessions. */
  whereIs(userId: string): readonly UserPlace[] {
    return this.#cluster.whereIs(userId).map(({ nodeId, deviceId }) => ({ nodeId, deviceId }));
  }

  /**
   * Kicks out a user at all nodes. Resolves with the number of sessions that were ended.
   *
   * @throws UsageError `ERR_INVALID_ARGUMENT` if the reason is too long.
   * @throws ClusterError `ERR_NODE_TIMEOUT` if a node has not answered within 2 s; it may have done it.
   */
  async kick(userId: string, options: ClusterKickOptions = {}): Promise<number> {
    const { deviceId, code = KickOutCode.Administrator, reason } = options;
    const bytes = reason === undefined ? 0 : Buffer.byteLength(JSON.stringify(reason));
    if (bytes > MAX_REASON_BYTES)
      throw new UsageError(
        'ERR_INVALID_ARGUMENT',
        `reason must have at most ${MAX_REASON_BYTES} bytes as JSON, got ${bytes}`,
      );
    const kick = { userId, deviceId, code, reason, upTo: undefined };
    const elsewhere = this.#cluster.kickElsewhere(kick);
    return this.#cluster.kick(kick) + (await elsewhere);
  }

  /**
   * Returns users who are online at one node, in the order of their IDs. There may be fewer than `limit` although there are more.
   *
   * @param after the last user of the previous page; `""` for the first page
   * @param limit 1 to 1000
   * @throws UsageError `ERR_INVALID_ARGUMENT`
   * @throws ClusterError `ERR_NODE_UNKNOWN`, or `ERR_NODE_TIMEOUT` if the node has not answered within 2 s
   */
  async list(nodeId: string, after = '', limit = MAX_LISTED): Promise<UserPage> {
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LISTED)
      throw new UsageError(
        'ERR_INVALID_ARGUMENT',
        `limit must be a whole number from 1 to ${MAX_LISTED}, got ${limit}`,
      );
    if (nodeId !== this.nodeId) return this.#cluster.listElsewhere(nodeId, after, limit);
    const userIds = this.#cluster.list(after, limit + 1);
    return { userIds: userIds.slice(0, limit), hasMore: userIds.length > limit };
  }
}
