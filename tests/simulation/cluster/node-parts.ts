import type { Clock, Instant } from '@imcore/protocol';
import type { MemoryStore } from '@imcore/server';
import type { MessageStore } from '@imcore/server/ports';
import type { SeededRandom, SimulatedBus, SimulatedNetwork, VirtualClock } from '@imcore/testkit';
import type { OpenConnections } from '../instruments.js';
import type { Journal } from '../journal.js';
import type { ClusterPlan } from './plan.js';

/** A session that has started at a node. */
export interface StartedSession {
  readonly userId: string;
  readonly nodeId: string;
  readonly firstLoginTime: number;
  readonly at: Instant;
}

/** What all nodes of a world share. */
export interface NodeParts {
  readonly plan: ClusterPlan;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly bus: SimulatedBus;
  readonly journal: Journal;
  readonly openConnections: OpenConnections;
  /** The store without its delays and failures. */
  readonly store: MemoryStore;
  /** Puts a fault into the store of one process. */
  readonly wrapStore: (store: MessageStore, clock: Clock) => MessageStore;
  readonly started: StartedSession[];
  /** Whether the trouble is over. */
  readonly isHealed: () => boolean;
}
