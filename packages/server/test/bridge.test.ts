import { decodePacket } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import { openBench } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { LoopbackBridge } from './support/loopback-bridge.js';
import { acknowledgement, message, plainMessage, wire } from './support/wire.js';

const down = new Error('no broker');

describe('a message to a user who is not online, with a bridge', () => {
  it('is published as it came, and its sender acknowledged when the broker has it', async () => {
    const bridge = new LoopbackBridge();
    bridge.hold();
    const bench = await openBench({ bridge, store: new ControlledStore() });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', '消息', 'fp-1'));
    await bench.settle();
    expect(bridge.published).toMatchObject([
      { type: 2, from: 'alice', to: 'bob', dataContent: '消息', fp: 'fp-1', QoS: true, bridge: false },
    ]);
    expect(alice.received).toEqual([]);
    bridge.confirm();
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1', from: 'bob', to: 'alice' }]);
    expect(bench.events.bridged).toMatchObject([{ from: 'alice', to: 'bob', content: '消息' }]);
    expect(bench.metric('messagesBridged')).toBe(1);
    expect(bench.metric('messagesStored')).toBe(0);
  });

  it('is acknowledged again but not published again when its sender repeats it', async () => {
    const bridge = new LoopbackBridge();
    const bench = await openBench({ bridge });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    expect(alice.received).toHaveLength(2);
    expect(bridge.published).toHaveLength(1);
  });

  it('is published without QoS too', async () => {
    const bridge = new LoopbackBridge();
    const bench = await openBench({ bridge });
    const alice = await bench.online('alice');
    alice.write(plainMessage('alice', 'bob', 'hello'));
    await bench.settle();
    expect(bridge.published).toMatchObject([{ dataContent: 'hello', QoS: false }]);
    expect(bench.events.bridged).toHaveLength(1);
    expect(alice.received).toEqual([]);
  });

  it('of the server resolves as bridged', async () => {
    const bridge = new LoopbackBridge();
    const bench = await openBench({ bridge });
    await expect(bench.server.send('bob', 'hello')).resolves.toBe('bridged');
    expect(bridge.published).toMatchObject([{ from: '0', to: 'bob', dataContent: 'hello', QoS: true }]);
  });

  it('is not published when the user is online here', async () => {
    const bridge = new LoopbackBridge();
    const bench = await openBench({ bridge });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    expect(bob.received).toHaveLength(1);
    expect(bridge.published).toEqual([]);
  });
});

describe('a message that the bridge does not take', () => {
  it('goes to the store where there is one', async () => {
    const bridge = new LoopbackBridge();
    bridge.failures.publish = down;
    const store = new ControlledStore();
    const bench = await openBench({ bridge, store });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    expect(await store.waiting('bob')).toEqual(['fp-1']);
    expect(bench.events.bridgeFailed).toMatchObject([{ message: { fingerprint: 'fp-1' }, error: down }]);
    expect(bench.metric('bridgeFailures')).toBe(1);
  });

  it('is the application’s where it takes it', async () => {
    const bridge = new LoopbackBridge();
    bridge.failures.publish = down;
    const bench = await openBench({ bridge, hooks: { onUndeliverable: () => true } });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    expect(bench.events.stored).toHaveLength(1);
  });

  it('is dropped where nobody takes it, and published when its sender repeats it', async () => {
    const bridge = new LoopbackBridge();
    bridge.failures.publish = down;
    const bench = await openBench({ bridge });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    expect(alice.received).toEqual([]);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'offline' }]);
    bridge.failures.publish = undefined;
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
  });
});

describe('a packet from the bridge', () => {
  const incoming = decodePacket(wire({ type: 2, dataContent: '网页', from: 'web-1', to: 'bob', fp: 'fp-1' }));

  it('goes to its user as a bridged QoS packet, and is disposed of when the user has acknowledged', async () => {
    const bridge = new LoopbackBridge();
    const bench = await openBench({ bridge });
    const bob = await bench.online('bob');
    let isDone = false;
    const done = bridge.deliver(incoming).then(() => {
      isDone = true;
    });
    await bench.settle();
    expect(bob.received).toEqual([
      {
        bridge: true,
        type: 2,
        dataContent: '网页',
        from: 'web-1',
        to: 'bob',
        fp: 'fp-1',
        QoS: true,
        typeu: -1,
        sm: -1,
      },
    ]);
    expect(isDone).toBe(false);
    bob.write(acknowledgement('bob', 'web-1', 'fp-1'));
    await done;
    expect(bench.events.delivered).toMatchObject([{ from: 'web-1', content: '网页', bridged: true }]);
    expect(bench.metric('messagesFromBridge')).toBe(1);
  });

  it('without a fingerprint is written without QoS', async () => {
    const bridge = new LoopbackBridge();
    const bench = await openBench({ bridge });
    const bob = await bench.online('bob');
    await bridge.deliver(
      decodePacket(wire({ type: 2, dataContent: 'x', from: 'web-1', to: 'bob', QoS: true })),
    );
    expect(bob.received).toMatchObject([{ QoS: false, bridge: true }]);
  });

  it('to a user who is not online goes to the store, and never back over the bridge', async () => {
    const bridge = new LoopbackBridge();
    const store = new ControlledStore();
    const bench = await openBench({ bridge, store });
    await bridge.deliver(incoming);
    expect(await store.waiting('bob')).toEqual(['fp-1']);
    expect(bridge.published).toEqual([]);
    const bob = await bench.online('bob');
    expect(bob.received).toMatchObject([{ fp: 'fp-1', bridge: true, QoS: true }]);
  });

  it('to a user who is not online is the application’s where it takes it', async () => {
    const bridge = new LoopbackBridge();
    const contents: string[] = [];
    const bench = await openBench({
      bridge,
      hooks: {
        onUndeliverable: ({ content }) => {
          contents.push(content);
          return true;
        },
      },
    });
    await bridge.deliver(incoming);
    expect(contents).toEqual(['网页']);
    expect(bench.events.stored).toMatchObject([{ bridged: true }]);
  });

  it('that nobody takes is rejected, so that the broker keeps it', async () => {
    const bridge = new LoopbackBridge();
    const bench = await openBench({ bridge });
    await expect(bridge.deliver(incoming)).rejects.toMatchObject({ code: 'ERR_UNDELIVERABLE' });
    expect(bench.events.undelivered).toMatchObject([{ reason: 'offline', message: { bridged: true } }]);
  });

  it.each([
    ['no receiver', wire({ type: 2, dataContent: 'x', from: 'web-1', fp: 'fp-1' })],
    ['the server as its receiver', wire({ type: 2, dataContent: 'x', from: 'web-1', to: '0', fp: 'fp-1' })],
  ])('with %s is rejected', async (_name, text) => {
    const bridge = new LoopbackBridge();
    const bench = await openBench({ bridge });
    await expect(bridge.deliver(decodePacket(text))).rejects.toMatchObject({ code: 'ERR_UNDELIVERABLE' });
    expect(bench.metric('messagesFromBridge')).toBe(0);
  });
});
