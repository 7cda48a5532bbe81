/** A server, as its cluster sees it. */
export interface ClusterHost {
  /**
   * A frame for this node or for all nodes has arrived. It may arrive twice, late, out of order, or never. Its bytes may be
   * overwritten after the call.
   */
  receive(frame: Uint8Array): void;
  /** Frames travel from now on. Called after `start`, and again after each {@link away}. */
  joined(): void;
  /**
   * Frames no longer travel, and none is kept for later; the cluster tries again by itself. Called once for each time that it
   * goes away.
   */
  away(error: Error): void;
}

/**
 * Carries frames between the nodes of a cluster. It may lose, duplicate, delay and reorder them: whatever must not be lost is in
 * the shared store.
 */
export interface Cluster {
  /** Name of this node: 1 to 64 of `A-Z a-z 0-9 _ -`. Two running nodes must not have the same; a successor may. */
  readonly nodeId: string;
  /** Maximum size of a frame, in bytes, at least 4096. The host never exceeds it. It may change after `joined`. */
  readonly maxFrameBytes: number;
  /** Starts to join. Resolves without a broker, too: the cluster joins as soon as it can. */
  start(host: ClusterHost): Promise<void>;
  /** Sends a frame to one node. Returns at once; false if the frame was dropped: away, or too much is waiting. */
  send(nodeId: string, frame: Uint8Array): boolean;
  /** Sends a frame to all other nodes; see {@link send}. */
  broadcast(frame: Uint8Array): boolean;
  /** Writes what was sent, and leaves. The host is not called afterwards. A second call waits for the first. */
  close(): Promise<void>;
}
