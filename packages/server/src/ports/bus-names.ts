import { checkClusterName } from '../check-options.js';

/** Names of a node and of its cluster. */
export interface BusNames {
  readonly nodeId: string;
  readonly clusterName: string;
}

/**
 * Checks the options `nodeId` and `clusterName` of a cluster, whose default is `main`.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 */
export function readBusNames(options: {
  readonly nodeId: string;
  readonly clusterName?: string | undefined;
}): BusNames {
  const { nodeId, clusterName = 'main' } = options;
  checkClusterName('nodeId', nodeId);
  checkClusterName('clusterName', clusterName);
  return { nodeId, clusterName };
}

/** The subject or channel of all nodes of a cluster. */
export function clusterAddress(clusterName: string): string {
  return `imcore.${clusterName}.all`;
}

/** The subject or channel of one node. Names have no dot, so that those of different clusters and nodes are different. */
export function nodeAddress({ clusterName, nodeId }: BusNames): string {
  return `imcore.${clusterName}.n.${nodeId}`;
}
