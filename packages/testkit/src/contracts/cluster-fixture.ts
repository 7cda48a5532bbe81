import type { Cluster } from '@imcore/server/ports';

/** A server that carries frames, for one test. */
export interface ClusterFixture {
  /** A node that has not been started. The nodes of one test that have the same cluster name hear each other. */
  node(nodeId: string, clusterName?: string): Cluster;
  /** Makes the server unreachable: open connections break, and new ones fail. */
  interrupt(): Promise<void>;
  /** Makes it reachable again. */
  restore(): Promise<void>;
  /** Called behind each test, after its nodes were closed. */
  dispose(): Promise<void>;
}

/** Creates a fixture for each test. */
export type CreateClusterFixture = () => Promise<ClusterFixture>;
