import {
  type BusConnectionHost,
  BusConnections,
  type Cluster,
  ClusterError,
  type ClusterHost,
  clusterAddress,
  nodeAddress,
} from '@imcore/server/ports';
import { toClusterError } from './cluster-failure.js';
import { NoticeWriter } from './frame-text.js';
import { Listener } from './listener.js';
import { isNodeId, type PostgresClusterOptions, readOptions, type Settings } from './options.js';

/** Maximum size of a frame, in bytes: a notification holds 7999 bytes of text, and base64 adds a third. */
const MAX_FRAME_BYTES = 5900;

/**
 * Carries frames between nodes by NOTIFY of a PostgreSQL database (tested with 15), on one connection of its own: all nodes must be
 * connected to the same database of the same server.
 *
 * Needs a session connection: behind a pooler in transaction mode it is away with `ERR_CLUSTER_SILENT`. A connection that is
 * lost is noticed at once, one that hangs after 3 s. It tries to join again after 250 ms, and then less often, every 2 s at
 * last. At most 8 MiB wait to be written.
 *
 * Whoever may connect to the database can send and read frames: PostgreSQL has no permissions for channels.
 *
 * The errors of `away` are `ClusterError`s: `ERR_CLUSTER_AWAY`, `ERR_CLUSTER_REJECTED`, `ERR_CLUSTER_SILENT`.
 *
 * @throws UsageError `ERR_INVALID_OPTION`
 */
export function postgresCluster(options: PostgresClusterOptions): Cluster {
  return new PostgresCluster(readOptions(options));
}

/** A cluster that opens one connection after the other. */
export class PostgresCluster implements Cluster {
  readonly nodeId: string;
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly #settings: Settings;
  readonly #writer = new NoticeWriter();
  readonly #connections: BusConnections<Listener>;
  /** Tries since the last connection that lasted. */
  #failures = 0;
  #upAt = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.nodeId = settings.nodeId;
    this.#connections = new BusConnections({
      clock: settings.clock,
      open: (host) => this.#open(host),
      waitMs: (wasUp) => this.#waitMs(wasUp),
      toError: toClusterError,
    });
  }

  start(host: ClusterHost): Promise<void> {
    return this.#connections.start(host);
  }

  send(nodeId: string, frame: Uint8Array): boolean {
    const names = { clusterName: this.#settings.clusterName, nodeId };
    return isNodeId(names) && this.#notify(nodeAddress(names), frame);
  }

  broadcast(frame: Uint8Array): boolean {
    return this.#notify(clusterAddress(this.#settings.clusterName), frame);
  }

  close(): Promise<void> {
    return this.#connections.close();
  }

  #notify(channel: string, frame: Uint8Array): boolean {
    if (frame.length > MAX_FRAME_BYTES) return false;
    return this.#connections.joined?.notify(channel, frame) ?? false;
  }

  #open(host: BusConnectionHost): Listener | undefined {
    try {
      const listener = new Listener(this.#settings, this.#writer, {
        onUp: () => {
          this.#upAt = this.#settings.clock.now();
          host.onUp();
        },
        onFrame: (frame) => host.onFrame(frame),
        onEnd: (cause) => host.onEnd(cause),
      });
      listener.open();
      return listener;
    } catch {
      host.onEnd(new ClusterError('ERR_CLUSTER_AWAY', 'a certificate that the url names cannot be read'));
      return undefined;
    }
  }

  #waitMs(wasUp: boolean): number {
    const { clock, random, minBackoffMs, maxBackoffMs } = this.#settings;
    // A connection that breaks as soon as it is used counts as a failed try.
    if (wasUp && clock.now() - this.#upAt >= maxBackoffMs) this.#failures = 0;
    const wait = Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return wait * (0.5 + random() / 2);
  }
}
