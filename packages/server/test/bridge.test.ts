import { decodePacket, type Packet } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import type { BridgeVerdict } from '../src/ports/bridge.js';
import { openBench } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { LoopbackBridge } from './support/loopback-bridge.js';
import { acknowledgement, message, plainMessage, wire } from './support/wire.js';

const down = new Error('no broker');
const plain = ({ type, dataContent, from, to, fp, QoS, typeu, bridge, sm }: Packet): Packet => ({
  type,
  dataContent,
  from,
  to,
  fp,
  QoS,
  typeu,
  bridge,
  sm,
});

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

  it('is waited for by a server that closes, so that its sender learns that the broker has it', async () => {
    const bridge = new LoopbackBridge();
    const bench = await openBench({ bridge });
    const alice = await bench.online('alice');
    bridge.hold();
    alice.write(message('alice', 'webbob', 'hello', 'fp-1'));
    const closed = bench.server.close({ drainMs: 500 });
    await bench.advance(400);
    expect(alice.isClosed).toBe(false);
    bridge.confirm();
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    await bench.advance(10);
    await closed;
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

  it('goes to its user as a bridged QoS packet, and is taken when the user has acknowledged', async () => {
    const bridge = new LoopbackBridge();
    const bench = await openBench({ bridge });
    const bob = await bench.online('bob');
    const verdicts: BridgeVerdict[] = [];
    void bridge.deliver(incoming).then((verdict) => verdicts.push(verdict));
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
    expect(verdicts).toEqual([]);
    bob.write(acknowledgement('bob', 'web-1', 'fp-1'));
    await bench.settle();
    expect(verdicts).toEqual([{ outcome: 'taken' }]);
    expect(bench.events.delivered).toMatchObject([{ from: 'web-1', content: '网页', bridged: true }]);
    expect(bench.metric('messagesFromBridge')).toBe(1);
  });

  it.each([
    ['without a fingerprint', {}],
    ['with an empty fingerprint', { fp: '' }],
  ])('%s is written without QoS', async (_name, fields) => {
    const bridge = new LoopbackBridge();
    const bench = await openBench({ bridge });
    const bob = await bench.online('bob');
    const text = wire({ type: 2, dataContent: 'x', from: 'web-1', to: 'bob', QoS: true, ...fields });
    await bridge.host.receive(text);
    expect(bob.received).toMatchObject([{ QoS: false, bridge: true }]);
  });

  it('is given to its user once, however often the broker brings it, and taken each time', async () => {
    const bridge = new LoopbackBridge();
    const bench = await openBench({ bridge });
    const bob = await bench.online('bob');
    const copies = Array.from({ length: 50 }, () => bridge.deliver(incoming));
    await bench.settle();
    bob.write(acknowledgement('bob', 'web-1', 'fp-1'));
    const later = Array.from({ length: 50 }, () => bridge.deliver(incoming));
    const verdicts = await Promise.all([...copies, ...later]);
    expect(verdicts).toEqual(verdicts.map(() => ({ outcome: 'taken' })));
    expect(bob.received).toHaveLength(1);
    expect(bench.metric('duplicatesFromBridge')).toBe(99);
  });

  it('is another message when sender or receiver is another, whatever the fingerprint', async () => {
    const bridge = new LoopbackBridge();
    const bench = await openBench({ bridge });
    const [bob, carol] = [await bench.online('bob'), await bench.online('carol')];
    void bridge.deliver(incoming);
    void bridge.deliver({ ...plain(incoming), from: 'web-2' });
    void bridge.deliver({ ...plain(incoming), to: 'carol' });
    await bench.settle();
    expect(bob.received.map(({ from }) => from)).toEqual(['web-1', 'web-2']);
    expect(carol.received).toHaveLength(1);
  });

  it('is remembered up to the limit, and the limit is told', async () => {
    const bridge = new LoopbackBridge();
    const hooks = { onUndeliverable: () => true };
    const bench = await openBench({ bridge, hooks, limits: { maxRememberedFromBridge: 2 } });
    for (const fp of ['1', '2', '3', '4']) await bridge.deliver({ ...plain(incoming), fp });
    expect(bench.events.limited).toMatchObject([{ limit: 'maxRememberedFromBridge', value: 2 }, {}]);
    expect(bench.metric('limitRemembered')).toBe(2);
    expect(bench.events.stored).toHaveLength(4);
  });

  it('to a user who is not online goes to the store, and never back over the bridge', async () => {
    const bridge = new LoopbackBridge();
    const store = new ControlledStore();
    const bench = await openBench({ bridge, store });
    expect(await bridge.deliver(incoming)).toEqual({ outcome: 'taken' });
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
    expect(await bridge.deliver(incoming)).toEqual({ outcome: 'taken' });
    expect(contents).toEqual(['网页']);
    expect(bench.events.stored).toMatchObject([{ bridged: true }]);
  });

  it('that nobody takes is refused, and may be handed in again', async () => {
    const bridge = new LoopbackBridge();
    const bench = await openBench({ bridge });
    const refused = { outcome: 'refused', code: 'ERR_UNDELIVERABLE' };
    expect(await bridge.deliver(incoming)).toMatchObject(refused);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'offline', message: { bridged: true } }]);
    expect(bench.events.bridgeRejected).toMatchObject([{ code: 'ERR_UNDELIVERABLE' }]);
    expect(bench.metric('rejectedFromBridge')).toBe(1);
    const bob = await bench.online('bob');
    void bridge.deliver(incoming);
    await bench.settle();
    expect(bob.received).toHaveLength(1);
  });

  it('that the store fails to take is to come later, and is taken then', async () => {
    const bridge = new LoopbackBridge();
    const store = new ControlledStore();
    store.failures.append = new Error('disk full');
    await openBench({ bridge, store });
    expect(await bridge.deliver(incoming)).toEqual({ outcome: 'later' });
    store.failures.append = undefined;
    expect(await bridge.deliver(incoming)).toEqual({ outcome: 'taken' });
  });

  it('to a user for whom too many wait is refused', async () => {
    const bridge = new LoopbackBridge();
    const bench = await openBench({ bridge, store: new ControlledStore({ maxPerUser: 1 }) });
    await bridge.deliver(incoming);
    const verdict = await bridge.deliver({ ...plain(incoming), fp: 'fp-2' });
    expect(verdict).toMatchObject({ outcome: 'refused', code: 'ERR_UNDELIVERABLE' });
    expect(bench.events.undelivered).toMatchObject([{ reason: 'queue-full' }]);
  });

  it('is to come later while the server closes, also when its user was being given it', async () => {
    const bridge = new LoopbackBridge();
    const bench = await openBench({ bridge });
    await bench.online('bob');
    const underWay = bridge.deliver(incoming);
    const closed = bench.close(0);
    expect(await bridge.deliver({ ...plain(incoming), fp: 'fp-2' })).toEqual({ outcome: 'later' });
    expect(await underWay).toEqual({ outcome: 'later' });
    await closed;
  });

  it('is not given to anybody any more when the server closes', async () => {
    const bridge = new LoopbackBridge();
    const bench = await openBench({ bridge });
    const bob = await bench.online('bob');
    const closed = bench.server.close({ drainMs: 0 });
    expect(await bridge.deliver(incoming)).toEqual({ outcome: 'later' });
    await closed;
    expect(bob.received.filter(({ type }) => type === 2)).toEqual([]);
  });

  it('from a user who is online here, or to its own sender, is delivered', async () => {
    const bridge = new LoopbackBridge();
    const bench = await openBench({ bridge });
    const [alice, bob] = [await bench.online('alice'), await bench.online('bob')];
    void bridge.deliver({ ...plain(incoming), from: 'alice' });
    void bridge.deliver({ ...plain(incoming), from: 'bob' });
    await bench.settle();
    expect(bob.received.map(({ from }) => from)).toEqual(['alice', 'bob']);
    expect(alice.received).toEqual([]);
  });

  it.each([
    ['no JSON', 'garbage{', 'ERR_MALFORMED_PACKET'],
    ['nothing', '', 'ERR_EMPTY_FRAME'],
    ['JSON that is no object', 'null', 'ERR_MALFORMED_PACKET'],
    ['a type that is no number', '{"type":"x","from":"web-1","to":"bob"}', 'ERR_INVALID_FIELD'],
    ['an object as its receiver', '{"type":2,"from":"web-1","to":{}}', 'ERR_INVALID_FIELD'],
    ['no receiver', wire({ type: 2, dataContent: 'x', from: 'web-1', fp: 'fp-1' }), 'ERR_INVALID_FIELD'],
    ['the server as its receiver', '{"type":2,"from":"web-1","to":"0","fp":"1"}', 'ERR_INVALID_FIELD'],
    ['no sender', '{"type":2,"to":"bob","fp":"1"}', 'ERR_INVALID_FIELD'],
    ['a kick-out', '{"type":54,"from":"0","to":"bob","dataContent":"{}"}', 'ERR_INVALID_FIELD'],
    ['an id that is too long', wire({ type: 2, from: 'x'.repeat(257), to: 'bob' }), 'ERR_INVALID_FIELD'],
  ])('with %s is refused, and the next is taken', async (_name, text, code) => {
    const bridge = new LoopbackBridge();
    const bench = await openBench({ bridge, hooks: { onUndeliverable: () => true } });
    expect(await bridge.host.receive(text)).toMatchObject({ outcome: 'refused', code });
    expect(bench.metric('messagesFromBridge')).toBe(0);
    expect(bench.events.bridgeRejected).toMatchObject([{ code }]);
    expect(await bridge.deliver(incoming)).toEqual({ outcome: 'taken' });
  });
});

describe('a bridge that joins and loses its broker', () => {
  it('is told, and counted', async () => {
    const bridge = new LoopbackBridge({ joinsAtStart: false });
    const bench = await openBench({ bridge });
    expect(bench.metric('bridgeJoined')).toBe(0);
    bridge.join();
    expect(bench.metric('bridgeJoined')).toBe(1);
    bridge.lose(down);
    expect(bench.metric('bridgeJoined')).toBe(0);
    expect(bench.events.bridge).toEqual([
      { state: 'joined', error: undefined },
      { state: 'away', error: down },
    ]);
  });
});
