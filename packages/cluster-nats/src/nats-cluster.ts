import {
  type BusConnectionHost,
  BusConnections,
  type Cluster,
  type ClusterHost,
  clusterAddress,
  nodeAddress,
} from '@imcore/server/ports';
import { toClusterError } from './cluster-failure.js';
import { NatsLink } from './nats-link.js';
import { isNodeId, type NatsClusterOptions, readOptions, type Settings } from './options.js';

/**
 * Carries frames between nodes over NATS (core NATS, tested with 2.9; no JetStream): subjects `imcore.<cluster>.all` and
 * `imcore.<cluster>.n.<node>`.
 *
 * A connection that is lost is noticed at once, a server that hangs after 3 s. It tries to join again each 250 to 350 ms, at one server
 * of the list after the other. At most 8 MiB wait to be confirmed by the server. `maxFrameBytes` is the server's
 * `max_payload`, at most 8 MiB; 4096 until it has joined.
 *
 * Whoever may publish to these subjects is a node: give the cluster an account of its own, with TLS.
 *
 * The errors of `away` are `ClusterError`s: `ERR_CLUSTER_AWAY`, `ERR_CLUSTER_REJECTED`, `ERR_CLUSTER_SILENT`,
 * `ERR_CLUSTER_FRAME_LIMIT`.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 */
export function natsCluster(options: NatsClusterOptions): Cluster {
  return new NatsCluster(readOptions(options));
}

/** A cluster that opens one connection after the other. */
export class NatsCluster implements Cluster {
  readonly nodeId: string;
  readonly #settings: Settings;
  readonly #connections: BusConnections<NatsLink>;
  #maxFrameBytes = 4096;
  #nextServer: number;

  constructor(settings: Settings) {
    const { clock, random, backoffMs, jitterMs } = settings;
    this.#settings = settings;
    this.nodeId = settings.nodeId;
    // The nodes of a cluster begin at different servers.
    this.#nextServer = Math.floor(random() * settings.servers.length);
    this.#connections = new BusConnections({
      clock,
      open: (host) => this.#open(host),
      waitMs: () => backoffMs + random() * jitterMs,
      toError: toClusterError,
    });
  }

  get maxFrameBytes(): number {
    return this.#maxFrameBytes;
  }

  start(host: ClusterHost): Promise<void> {
    return this.#connections.start(host);
  }

  send(nodeId: string, frame: Uint8Array): boolean {
    const { clusterName } = this.#settings;
    return isNodeId(nodeId) && this.#publish(nodeAddress({ clusterName, nodeId }), frame);
  }

  broadcast(frame: Uint8Array): boolean {
    return this.#publish(clusterAddress(this.#settings.clusterName), frame);
  }

  close(): Promise<void> {
    return this.#connections.close();
  }

  #publish(subject: string, frame: Uint8Array): boolean {
    if (frame.length > this.#maxFrameBytes) return false;
    return this.#connections.joined?.publish(subject, frame) ?? false;
  }

  #open(host: BusConnectionHost): NatsLink | undefined {
    const { servers } = this.#settings;
    const server = servers[this.#nextServer % servers.length];
    if (server === undefined) return undefined;
    this.#nextServer += 1;
    const link = new NatsLink(this.#settings, server, {
      onUp: (maxFrameBytes) => {
        this.#maxFrameBytes = maxFrameBytes;
        host.onUp();
      },
      onFrame: (frame) => host.onFrame(frame),
      onEnd: (cause) => host.onEnd(cause),
    });
    link.open();
    return link;
  }
}
