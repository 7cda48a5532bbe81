import type { Cluster, ClusterHost } from '@imcore/server/ports';
import { describe, expect, it } from 'vitest';
import { lossyCluster } from '../../src/dev/lossy-cluster.js';

/** A bus that keeps what it was given. */
class RecordingCluster implements Cluster {
  readonly nodeId = 'node-1';
  readonly maxFrameBytes = 4096;
  readonly frames: Uint8Array[] = [];
  host: ClusterHost | undefined;

  async start(host: ClusterHost): Promise<void> {
    this.host = host;
  }

  send(_nodeId: string, frame: Uint8Array): boolean {
    return this.broadcast(frame);
  }

  broadcast(frame: Uint8Array): boolean {
    this.frames.push(frame);
    return true;
  }

  async close(): Promise<void> {}
}

describe('lossyCluster', () => {
  it('loses the frames of both directions that it is asked to lose, and does not say so', async () => {
    const real = new RecordingCluster();
    let isLost = false;
    const received: Uint8Array[] = [];
    const lossy = lossyCluster(real, () => isLost);
    await lossy.start({ receive: (frame) => received.push(frame), joined() {}, away() {} });
    const frame = Uint8Array.of(1);
    for (const lose of [false, true]) {
      isLost = lose;
      expect(lossy.send('node-2', frame)).toBe(true);
      expect(lossy.broadcast(frame)).toBe(true);
      real.host?.receive(frame);
    }
    expect([real.frames.length, received.length]).toEqual([2, 1]);
  });
});
