import { describe, expect, it } from 'vitest';
import { FRAME_MS, startTwo } from '../cluster/nodes.js';
import { onlineDevice } from '../support/log-device.js';
import { acknowledgement, message } from '../support/wire.js';

describe('devices at two nodes', () => {
  it('get each message once, and the messages of the other devices of their user', async () => {
    const { nodes, a, b } = await startTwo();
    const alice = await a.online('alice');
    const laptop = await onlineDevice(a, 'bob', 'laptop');
    const tablet = await onlineDevice(b, 'bob', 'tablet');
    await nodes.advance(FRAME_MS);
    alice.write(message('alice', 'bob', 'to both', 'f1'));
    await nodes.advance(FRAME_MS);
    tablet.write('alice', 'from the tablet', 'f2');
    await nodes.advance(FRAME_MS);
    expect(laptop.entries).toEqual([
      [1, 'to both'],
      [2, 'from the tablet'],
    ]);
    expect(tablet.entries).toEqual([[1, 'to both']]);
    expect(tablet.extensions(1100)).toMatchObject([{ fp: 'f2', s: 2 }]);
    expect(alice.received.at(-1)).toMatchObject({ type: 2, dataContent: 'from the tablet', from: 'bob' });
    expect(b.metric('feedReads') + a.metric('feedReads')).toBe(0);
  });

  it.each(['one', 'one-per-kind'] as const)(
    'that log in in the same moment leave a single session, with the policy `%s`',
    async (policy) => {
      const { nodes, a, b } = await startTwo({ sessions: { policy } });
      const laptop = await onlineDevice(a, 'bob', 'laptop');
      const desktop = await onlineDevice(b, 'bob', 'desktop');
      await nodes.advance(1000);
      expect([laptop.peer.isClosed, desktop.peer.isClosed].filter((isClosed) => isClosed)).toHaveLength(1);
      const kicked = laptop.peer.isClosed ? laptop : desktop;
      expect(kicked.peer.received).toMatchObject([{ type: 54, dataContent: '{"code":1}' }]);
      expect(a.events.offline.length + b.events.offline.length).toBe(0);
    },
  );

  it('that log in in the same moment both stay if the policy allows it', async () => {
    const { nodes, a, b } = await startTwo({ sessions: { v6: 'exclusive' } });
    const laptop = await onlineDevice(a, 'bob', 'laptop');
    const desktop = await onlineDevice(b, 'bob', 'desktop');
    await nodes.advance(1000);
    expect([laptop.peer.isClosed, desktop.peer.isClosed]).toEqual([false, false]);
  });

  it('get what a lost hint would have told, within seconds', async () => {
    const { nodes, a, b } = await startTwo();
    const alice = await a.online('alice');
    const laptop = await onlineDevice(b, 'bob', 'laptop');
    await nodes.advance(FRAME_MS);
    nodes.bus.setConditions({ loss: 1 });
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await a.settle();
    nodes.bus.setConditions({ loss: 0 });
    await nodes.advance(FRAME_MS);
    expect(laptop.entries).toEqual([]);
    await nodes.advance(2500);
    expect(laptop.entries).toEqual([[1, 'hello']]);
  });

  it('continue at another node where they were, and end the session before without a kick-out', async () => {
    const { nodes, a, b } = await startTwo();
    const alice = await a.online('alice');
    const before = await onlineDevice(a, 'bob', 'laptop');
    alice.write(message('alice', 'bob', 'one', 'f1'));
    await nodes.advance(FRAME_MS);
    before.acknowledge(1);
    await nodes.advance(100);
    const { e } = before.answer.pos;
    const after = await onlineDevice(b, 'bob', 'laptop', { position: { e, s: 1 } });
    await nodes.advance(100);
    expect(before.peer.isClosed).toBe(true);
    expect(before.extensions(54)).toEqual([]);
    alice.write(message('alice', 'bob', 'two', 'f2'));
    await nodes.advance(FRAME_MS);
    expect(after.entries).toEqual([[2, 'two']]);
    expect(a.events.offline.length + b.events.offline.length).toBe(0);
  });

  it('make messages between two v6 users of one node go through the log, also for a device that was at another node', async () => {
    const { nodes, a, b } = await startTwo();
    const alice = await a.online('alice');
    const bob = await a.online('bob');
    await nodes.advance(FRAME_MS);
    const laptop = await onlineDevice(b, 'bob', 'laptop');
    await nodes.advance(100);
    laptop.peer.destroy();
    await nodes.advance(100);
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await nodes.advance(FRAME_MS);
    expect(bob.received.at(-1)).toMatchObject({ type: 2, dataContent: 'hello' });
    bob.write(acknowledgement('bob', 'alice', 'f1'));
    await nodes.advance(100);
    const { e } = laptop.answer.pos;
    expect((await onlineDevice(b, 'bob', 'laptop', { position: { e, s: 0 } })).entries).toEqual([
      [1, 'hello'],
    ]);
  });
});
