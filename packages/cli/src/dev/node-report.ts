/** What a node says of itself each 250 ms. */
export interface NodeReport {
  readonly kind: 'report';
  /** Users with a session at this node. */
  readonly users: readonly string[];
  /** Messages that users have sent to this node, since it was started. */
  readonly accepted: number;
  /** Messages that have reached users of this node, since it was started. */
  readonly delivered: number;
  /** Names of the other nodes that it knows. */
  readonly peers: readonly string[];
}

/** Something that a node has noticed. */
export interface NodeNotice {
  readonly kind: 'notice';
  readonly text: string;
}

/** What `imcore dev` tells a node. */
export interface NodeOrder {
  /** Share of the frames that are lost, 0 to 1. */
  readonly loss: number;
}
