import type { Cluster } from '@imcore/server/ports';

/** Loses frames in both directions, as a bad network does: the sender is not told. `isLost` is asked for each frame. */
export function lossyCluster(real: Cluster, isLost: () => boolean): Cluster {
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
          if (!isLost()) host.receive(frame);
        },
      }),
    send: (nodeId, frame) => isLost() || real.send(nodeId, frame),
    broadcast: (frame) => isLost() || real.broadcast(frame),
    close: () => real.close(),
  };
}
