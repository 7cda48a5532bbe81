import type { BinaryString } from '@imcore/protocol';
import type { Entry } from '../ports/message-store.js';
import type { Runtime } from '../runtime.js';
import type { FrameSender } from './frame-sender.js';
import { fitsIntoHint } from './frames.js';
import type { Peer } from './membership.js';

/** What a frame takes beside its items, in bytes, at most. */
const FRAME_OVERHEAD = 256;

interface GatheredParts {
  readonly sender: FrameSender;
  readonly maxFrameBytes: () => number;
  /** The other nodes, by name. */
  readonly peers: ReadonlyMap<string, Peer>;
  /** Calls back unless this node has left the cluster, and reports errors. */
  readonly guard: (run: () => void) => void;
}

/** Hints and messages without QoS, which wait for the end of the turn, so that what it has for a node goes in one frame. */
export class GatheredFrames {
  readonly #runtime: Runtime;
  readonly #parts: GatheredParts;
  #isWaiting = false;

  constructor(runtime: Runtime, parts: GatheredParts) {
    this.#runtime = runtime;
    this.#parts = parts;
  }

  /** The store has got messages for a user of a node. One that is not known, or too long for a frame, is read there. */
  addHint(nodeId: string, userId: string, entry: Entry | undefined): void {
    const { peers, maxFrameBytes } = this.#parts;
    const peer = peers.get(nodeId);
    if (peer === undefined) return;
    const isShort = entry !== undefined && fitsIntoHint(entry, maxFrameBytes() - FRAME_OVERHEAD);
    peer.addHint(userId, isShort ? entry : undefined);
    this.#sendSoon();
  }

  /** Returns false if the node is not known, or the frame body of the message does not fit into a frame. */
  addMessage(nodeId: string, body: BinaryString): boolean {
    const { peers, maxFrameBytes } = this.#parts;
    const peer = peers.get(nodeId);
    if (peer === undefined) return false;
    if (Buffer.byteLength(JSON.stringify(body)) > maxFrameBytes() - FRAME_OVERHEAD) return false;
    peer.passes.push(body);
    this.#sendSoon();
    return true;
  }

  #sendSoon(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    queueMicrotask(() => {
      this.#isWaiting = false;
      this.#parts.guard(() => this.#send());
    });
  }

  #send(): void {
    const { peers, sender } = this.#parts;
    for (const peer of peers.values()) {
      if (peer.passes.length > 0) sender.send(peer.nodeId, { kind: 'pass', items: peer.passes });
      peer.passes = [];
      const items = peer.takeHints();
      if (items.length === 0) continue;
      this.#runtime.metrics.clusterHintsSent += items.length;
      const { hintsFrom: from, hintsTo } = peer;
      const frames = sender.send(peer.nodeId, { kind: 'hint', from, n: hintsTo + 1, items });
      peer.countHints(frames, this.#runtime.clock.now());
    }
  }
}
