import { describe, expect, it } from 'vitest';
import type { Cluster, ClusterHost } from '../../src/ports/cluster.js';
import { Bench } from '../support/bench.js';
import { acknowledgement, keepAlive, message } from '../support/wire.js';
import { contentsOf, FRAME_MS, Nodes } from './nodes.js';

/** The bus of a node whose frames have version 2, and that reads only those. */
function ofVersion2(bus: Cluster): Cluster {
  const withVersion = (frame: Uint8Array, version: number): Uint8Array => {
    const copy = Uint8Array.from(frame);
    copy[0] = version;
    return copy;
  };
  return {
    nodeId: bus.nodeId,
    get maxFrameBytes() {
      return bus.maxFrameBytes;
    },
    start: (host: ClusterHost) =>
      bus.start({
        // What it knows as its own version is 1 here, and version 1 is another one to it.
        receive: (frame) => host.receive(withVersion(frame, frame[0] === 2 ? 1 : 2)),
        joined: () => host.joined(),
        away: (error) => host.away(error),
      }),
    send: (nodeId, frame) => bus.send(nodeId, withVersion(frame, 2)),
    broadcast: (frame) => bus.broadcast(withVersion(frame, 2)),
    close: () => bus.close(),
  };
}

describe('an upgrade that changes the version of the frames', () => {
  it('brings messages between nodes of two versions within a minute', async () => {
    const nodes = new Nodes();
    const old = await nodes.start('old');
    const next = new Bench(
      { store: nodes.store.share(), cluster: ofVersion2(nodes.bus.createMember('next')) },
      nodes.clock,
    );
    await next.server.listen();
    await nodes.advance(3000);
    const codesOf = ({ events }: Bench) => events.error.map((error) => Reflect.get(error, 'code'));
    expect([codesOf(old), codesOf(next)]).toEqual([
      ['ERR_CLUSTER_OTHER_VERSION'],
      ['ERR_CLUSTER_OTHER_VERSION'],
    ]);
    expect(old.events.error[0]?.message).toBe(
      'node next sends frames of version 2, this node reads version 1: it is not joined',
    );
    const alice = await old.online('alice');
    const bob = await next.online('bob');
    await nodes.advance(FRAME_MS);
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await old.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'f1' }]);
    for (let seconds = 0; seconds < 60; seconds += 5) {
      bob.write(keepAlive('bob'));
      await nodes.advance(5000);
    }
    expect(contentsOf(bob)).toContain('hello');
    bob.write(acknowledgement('bob', 'alice', 'f1'));
    await nodes.advance(1000);
    expect(await nodes.store.count('bob')).toMatchObject({ messages: 0 });
    // Once each, not for every frame.
    expect([codesOf(old).length, codesOf(next).length]).toEqual([1, 1]);
  });
});
