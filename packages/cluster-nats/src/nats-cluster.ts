import type { Cluster, ClusterHost } from '@imcore/server/ports';
import { toClusterError } from './cluster-failure.js';
import { NatsLink } from './nats-link.js';
import {
  clusterSubject,
  isNodeId,
  type NatsClusterOptions,
  nodeSubject,
  readOptions,
  type Settings,
} from './options.js';

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
  #host: ClusterHost | undefined = undefined;
  #link: NatsLink | undefined = undefined;
  #retry: { cancel(): void } | undefined = undefined;
  #state: 'new' | 'joined' | 'away' | 'closed' = 'new';
  #maxFrameBytes = 4096;
  #nextServer: number;
  #closing: Promise<void> | undefined = undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.nodeId = settings.nodeId;
    // The nodes of a cluster begin at different servers.
    this.#nextServer = Math.floor(settings.random() * settings.servers.length);
  }

  get maxFrameBytes(): number {
    return this.#maxFrameBytes;
  }

  start(host: ClusterHost): Promise<void> {
    // A server may be closed while it starts: nobody would close a connection that is opened then.
    if (this.#state === 'closed' || this.#host !== undefined) return Promise.resolve();
    this.#host = host;
    this.#open();
    return Promise.resolve();
  }

  send(nodeId: string, frame: Uint8Array): boolean {
    return isNodeId(nodeId) && this.#publish(nodeSubject(this.#settings.clusterName, nodeId), frame);
  }

  broadcast(frame: Uint8Array): boolean {
    return this.#publish(clusterSubject(this.#settings.clusterName), frame);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#state = 'closed';
    this.#host = undefined;
    this.#retry?.cancel();
    await this.#link?.close();
  }

  #publish(subject: string, frame: Uint8Array): boolean {
    if (this.#state !== 'joined' || frame.length > this.#maxFrameBytes) return false;
    return this.#link?.publish(subject, frame) ?? false;
  }

  #open(): void {
    const { servers } = this.#settings;
    const server = servers[this.#nextServer % servers.length];
    if (server === undefined) return;
    this.#nextServer += 1;
    this.#link = new NatsLink(this.#settings, server, {
      onUp: (maxFrameBytes) => this.#up(maxFrameBytes),
      onFrame: (frame) => this.#host?.receive(frame),
      onEnd: (cause) => this.#ended(cause),
    });
    this.#link.open();
  }

  #up(maxFrameBytes: number): void {
    this.#maxFrameBytes = maxFrameBytes;
    this.#state = 'joined';
    this.#host?.joined();
  }

  #ended(cause: unknown): void {
    const { clock, random, backoffMs, jitterMs } = this.#settings;
    const wasAway = this.#state === 'away';
    this.#state = 'away';
    this.#link = undefined;
    this.#retry = clock.schedule(clock.now() + backoffMs + random() * jitterMs, () => this.#open());
    if (!wasAway) this.#host?.away(toClusterError(cause));
  }
}
