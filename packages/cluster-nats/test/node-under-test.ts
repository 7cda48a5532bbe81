import type { Cluster, ClusterHost } from '@imcore/server/ports';
import { NatsCluster } from '../src/nats-cluster.js';
import { type NatsClusterOptions, readOptions, type Settings } from '../src/options.js';

/** A node that has been started, and what it has reported. */
export interface NodeUnderTest {
  readonly cluster: Cluster;
  readonly states: readonly string[];
  readonly errors: readonly Error[];
  readonly frames: readonly string[];
}

/** Starts a node with short waits, and with what else of its settings the test changes. */
export async function startNode(
  options: NatsClusterOptions,
  changed: Partial<Settings> = {},
): Promise<NodeUnderTest> {
  const cluster = new NatsCluster({ ...readOptions(options), backoffMs: 20, jitterMs: 20, ...changed });
  const [states, errors, frames]: [string[], Error[], string[]] = [[], [], []];
  const host: ClusterHost = {
    receive: (frame) => frames.push(Buffer.from(frame).toString()),
    joined: () => states.push('joined'),
    away: (error) => {
      states.push('away');
      errors.push(error);
    },
  };
  await cluster.start(host);
  return { cluster, states, errors, frames };
}
