import type { Cluster } from '@imcore/server/ports';

/** Loses frames in both directions, as a bad network does: the sender is not told. `isLost` is called for each frame. */
export function lossyCluster(
  real: Cluster,
  isLost: (frame: Uint8Array, direction: 'in' | 'out') => boolean,
): Cluster {
  return {
    nodeId: real.nodeId,
    get maxFrameBytes() {
      return real.maxFrameBytes;
    },
    start: (host) =>
      real.start({
        joined: () => host.joined(),
        away: (error) => host.away(error),
        receive: (frame) => {
          if (!isLost(frame, 'in')) host.receive(frame);
        },
      }),
    send: (nodeId, frame) => isLost(frame, 'out') || real.send(nodeId, frame),
    broadcast: (frame) => isLost(frame, 'out') || real.broadcast(frame),
    close: () => real.close(),
  };
}
