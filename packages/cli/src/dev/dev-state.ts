import type { Entry } from './dev-user.js';
import type { Counts } from './ledger.js';
import type { NodeAction, NodeCondition } from './node-condition.js';
import type { NodePorts } from './ports.js';

/** A node, for the control page. */
export interface NodeView extends NodeCondition {
  readonly number: number;
  readonly ports: NodePorts;
  readonly pid: number | undefined;
  readonly users: readonly string[];
  readonly accepted: number;
  readonly delivered: number;
  /** Numbers of the other nodes that it knows. */
  readonly peers: readonly number[];
  readonly actions: readonly NodeAction[];
}

/** A user, for the control page. */
export interface UserView {
  readonly userId: string;
  readonly transport: string;
  readonly state: string;
  readonly node: number | undefined;
  readonly entries: readonly Entry[];
}

/** Something that has happened. */
export interface DevEvent {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly text: string;
  readonly isProblem: boolean;
}

/** Everything that the control page shows. */
export interface DevState {
  readonly store: string;
  readonly bus: string;
  readonly isTalking: boolean;
  readonly counts: Counts;
  readonly nodes: readonly NodeView[];
  readonly users: readonly UserView[];
  readonly events: readonly DevEvent[];
}
