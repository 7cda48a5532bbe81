import type { BinaryString } from '@imcore/protocol';
import type { ClusterError } from '../errors.js';
import type { DirectoryListener } from './directory.js';
import type { Hint, Kick, NodeState } from './frames.js';

/** Called when something happens in the cluster. */
export interface ClusterListener extends DirectoryListener {
  /** Another node is known from now on. Its sessions follow. Messages may have been stored meanwhile: ask the store. */
  nodeAdded(nodeId: string): void;
  /** A node is lost or has left. Its claims were removed before. What it has stored and not hinted: ask the store. */
  nodeRemoved(nodeId: string): void;
  /** Another node has stored messages for users of this node. They may have left meanwhile. */
  hinted(hints: readonly Hint[], nodeId: string): void;
  /** Frame bodies of messages without QoS for users of this node. They may have left meanwhile. */
  passed(bodies: readonly BinaryString[]): void;
  /** Hints of a node were lost: ask the store. */
  hintsLost(nodeId: string): void;
  /** Frames travel from now on: ask the store. */
  busJoined(): void;
  /** Frames do not travel; the bus tries again by itself. Other nodes are lost 4 s later. */
  busAway(error: Error): void;
  /** Another node asks to end sessions of a user. Returns how many were ended. */
  kick(kick: Kick): number;
  /** Returns at most `limit` users who are online at this node and follow `after`, in the order of their IDs. */
  list(after: string, limit: number): readonly string[];
  /**
   * `ERR_CLUSTER_NAME_TAKEN`: a later process has the name of this node. This node does nothing more in the cluster: stop the server.
   * `ERR_CLUSTER_OTHER_STORE`, `ERR_CLUSTER_OTHER_VERSION`: a node was not joined because it has another store, or sends frames of
   * another version; called once for each.
   */
  failed(error: ClusterError): void;
}

/** A page of the users at a node. */
export interface UserPage {
  readonly userIds: readonly string[];
  /** Whether there are users after the last of these. */
  readonly hasMore: boolean;
}

/** Another node. */
export interface NodeInfo {
  readonly nodeId: string;
  /** Number of users with a session there. */
  readonly users: number;
  readonly state: NodeState;
  /** How long it was not heard, in milliseconds. */
  readonly silentMs: number;
}
