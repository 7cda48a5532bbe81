import { asError } from '../errors.js';
import type { Cluster } from '../ports/cluster.js';
import type { Runtime } from '../runtime.js';
import { encodeFrames, type FrameBody, type FrameHead } from './frames.js';

/**
 * Encodes what a node says, sends it, and counts what was sent and what the bus has dropped. A bus that throws has dropped the frame:
 * what was to be announced must not fail with it.
 */
export class FrameSender {
  readonly #cluster: Cluster;
  readonly #head: FrameHead;
  readonly #runtime: Runtime;

  constructor(cluster: Cluster, head: FrameHead, runtime: Runtime) {
    this.#cluster = cluster;
    this.#head = head;
    this.#runtime = runtime;
  }

  /** Sends to one node. Returns the number of frames. */
  send(nodeId: string, body: FrameBody): number {
    const frames = this.#encode(body);
    for (const frame of frames) this.#count(frame, () => this.#cluster.send(nodeId, frame));
    return frames.length;
  }

  /** Sends to one node until the bus drops a frame: the frames after it are of no use then. */
  sendWhole(nodeId: string, body: FrameBody): void {
    this.#encode(body).every((frame) => this.#count(frame, () => this.#cluster.send(nodeId, frame)));
  }

  /** Sends to all other nodes. Returns the number of frames. */
  broadcast(body: FrameBody): number {
    const frames = this.#encode(body);
    for (const frame of frames) this.#count(frame, () => this.#cluster.broadcast(frame));
    return frames.length;
  }

  #encode(body: FrameBody): Uint8Array[] {
    return encodeFrames(this.#head, body, this.#cluster.maxFrameBytes);
  }

  #count(frame: Uint8Array, send: () => boolean): boolean {
    const { metrics, reportBug } = this.#runtime;
    let isSent = false;
    try {
      isSent = send();
    } catch (error) {
      reportBug(asError(error));
    }
    if (isSent) {
      metrics.clusterFramesSent += 1;
      metrics.clusterBytesSent += frame.byteLength;
    } else metrics.clusterFramesDropped += 1;
    return isSent;
  }
}
