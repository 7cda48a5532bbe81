import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Cluster } from '@imcore/server/ports';
import { CommandError, messageOf } from '../command-error.js';
import { shownStore } from './open-store.js';
import type { ServeSettings } from './settings.js';

type ClusterSettings = Pick<
  ServeSettings,
  'cluster' | 'nodeId' | 'clusterName' | 'store' | 'tcpPort' | 'wsPort' | 'udpPort'
>;

/** Longest name of a node plus name of the cluster over PostgreSQL. */
const MAX_NAMES = 53;
/** Longest part of a default name that comes from the host name. */
const MAX_HOST = 40;

/**
 * Creates the configured cluster; undefined without one. It does not connect yet, so its bus need not be reachable.
 *
 * @throws CommandError for invalid settings. It never contains a URL, which may contain a password.
 */
export async function openCluster(settings: ClusterSettings): Promise<Cluster | undefined> {
  const { cluster, clusterName, store } = settings;
  if (cluster === undefined) return undefined;
  const nodeId = settings.nodeId ?? defaultNodeId(settings, hostname());
  try {
    if (!cluster.startsWith('postgres')) {
      const { natsCluster } = await import('@imcore/cluster-nats');
      return natsCluster({ nodeId, clusterName, servers: serversOf(cluster) });
    }
    const { postgresCluster } = await import('@imcore/cluster-postgres');
    return postgresCluster({ nodeId, clusterName, url: cluster === 'postgres' ? store : cluster });
  } catch (error) {
    throw new CommandError(`Invalid cluster settings: ${messageOf(error)}`, undefined, { cause: error });
  }
}

/** Where the nodes meet, without users and passwords. */
export function shownCluster({ cluster = '', store }: Pick<ServeSettings, 'cluster' | 'store'>): string {
  if (cluster.startsWith('postgres')) return shownStore(cluster === 'postgres' ? store : cluster);
  return `NATS at ${serversOf(cluster)
    .map((url) => new URL(url).host)
    .join(', ')}`;
}

/**
 * The name of a node that was given none: the host name in the characters that are allowed, and the first port; a random
 * text where the port is picked by the system. A long host name is cut, with a checksum of the whole.
 */
export function defaultNodeId(settings: ClusterSettings, host: string): string {
  const { clusterName, tcpPort, wsPort, udpPort } = settings;
  const port = [tcpPort, wsPort, udpPort].find((given) => given !== 'off');
  const suffix = port === 0 || port === undefined ? randomBytes(4).toString('hex') : String(port);
  const room = Math.max(1, Math.min(MAX_HOST, MAX_NAMES - clusterName.length - suffix.length - 1));
  return `${shorten(host.replace(/[^A-Za-z0-9_-]/g, '-'), room)}-${suffix}`;
}

function shorten(name: string, most: number): string {
  if (name.length <= most) return name;
  const checksum = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, Math.max(0, most - 9))}-${checksum}`.slice(-most);
}

function serversOf(cluster: string): string[] {
  return cluster.split(',').map((url) => url.trim());
}
