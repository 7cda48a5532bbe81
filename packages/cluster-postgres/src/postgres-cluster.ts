import { type Cluster, ClusterError, type ClusterHost } from '@imcore/server/ports';
import { toClusterError } from './cluster-failure.js';
import { NoticeWriter } from './frame-text.js';
import { Listener } from './listener.js';
import {
  clusterChannel,
  isNodeId,
  nodeChannel,
  type PostgresClusterOptions,
  readOptions,
  type Settings,
} from './options.js';

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
  #host: ClusterHost | undefined = undefined;
  #listener: Listener | undefined = undefined;
  #retry: { cancel(): void } | undefined = undefined;
  #state: 'new' | 'joined' | 'away' | 'closed' = 'new';
  /** Tries since the last connection that lasted. */
  #failures = 0;
  #upAt = 0;
  #closing: Promise<void> | undefined = undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.nodeId = settings.nodeId;
  }

  start(host: ClusterHost): Promise<void> {
    // A server may be closed while it starts: nobody would close a connection that is opened then.
    if (this.#state === 'closed' || this.#host !== undefined) return Promise.resolve();
    this.#host = host;
    this.#open();
    return Promise.resolve();
  }

  send(nodeId: string, frame: Uint8Array): boolean {
    const { clusterName } = this.#settings;
    return isNodeId(clusterName, nodeId) && this.#notify(nodeChannel(clusterName, nodeId), frame);
  }

  broadcast(frame: Uint8Array): boolean {
    return this.#notify(clusterChannel(this.#settings.clusterName), frame);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#state = 'closed';
    this.#host = undefined;
    this.#retry?.cancel();
    await this.#listener?.close();
  }

  #notify(channel: string, frame: Uint8Array): boolean {
    if (this.#state !== 'joined' || frame.length > MAX_FRAME_BYTES) return false;
    return this.#listener?.notify(channel, frame) ?? false;
  }

  #open(): void {
    try {
      this.#listener = new Listener(this.#settings, this.#writer, {
        onUp: () => this.#up(),
        onFrame: (frame) => this.#host?.receive(frame),
        onEnd: (cause) => this.#ended(cause),
      });
      this.#listener.open();
    } catch {
      this.#ended(new ClusterError('ERR_CLUSTER_AWAY', 'a certificate that the url names cannot be read'));
    }
  }

  #up(): void {
    this.#state = 'joined';
    this.#upAt = this.#settings.clock.now();
    this.#host?.joined();
  }

  #ended(cause: unknown): void {
    const { clock, random, minBackoffMs, maxBackoffMs } = this.#settings;
    // A connection that breaks as soon as it is used counts as a failed try.
    if (this.#state === 'joined' && clock.now() - this.#upAt >= maxBackoffMs) this.#failures = 0;
    const wasAway = this.#state === 'away';
    this.#state = 'away';
    this.#listener = undefined;
    const wait = Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    this.#retry = clock.schedule(clock.now() + wait * (0.5 + random() / 2), () => this.#open());
    if (!wasAway) this.#host?.away(toClusterError(cause));
  }
}
