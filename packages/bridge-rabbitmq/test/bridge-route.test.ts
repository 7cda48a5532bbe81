import { decodePacket } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import { ControlledStore } from '../../server/test/support/controlled-store.js';
import { acknowledgement, message, plainMessage, wire } from '../../server/test/support/wire.js';
import type { BrokerVerdict } from '../src/broker.js';
import { createBench, openBench } from './support/bridge-bench.js';
import { asPlain, LoopbackBroker } from './support/loopback-broker.js';

const down = new Error('no broker');

describe('a message to a user who is not online, with a bridge', () => {
  it('is published as it came, and its sender acknowledged when the broker has it', async () => {
    const broker = new LoopbackBroker();
    broker.hold();
    const bench = await openBench({ broker, store: new ControlledStore() });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', '消息', 'fp-1'));
    await bench.settle();
    expect(broker.published).toMatchObject([
      { type: 2, from: 'alice', to: 'bob', dataContent: '消息', fp: 'fp-1', QoS: true, bridge: false },
    ]);
    expect(alice.received).toEqual([]);
    broker.confirm();
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1', from: 'bob', to: 'alice' }]);
    expect(bench.events.bridged).toMatchObject([{ from: 'alice', to: 'bob', content: '消息' }]);
    expect(bench.metric('messagesBridged')).toBe(1);
    expect(bench.metric('messagesStored')).toBe(0);
  });

  it('is acknowledged again but not published again when its sender repeats it', async () => {
    const broker = new LoopbackBroker();
    const bench = await openBench({ broker });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    expect(alice.received).toHaveLength(2);
    expect(broker.published).toHaveLength(1);
  });

  it('is waited for by a server that closes, so that its sender learns that the broker has it', async () => {
    const broker = new LoopbackBroker();
    const bench = await openBench({ broker });
    const alice = await bench.online('alice');
    broker.hold();
    alice.write(message('alice', 'webbob', 'hello', 'fp-1'));
    const closed = bench.server.close({ drainMs: 500 });
    await bench.advance(400);
    expect(alice.isClosed).toBe(false);
    broker.confirm();
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    await bench.advance(10);
    await closed;
  });

  it('is published without QoS too', async () => {
    const broker = new LoopbackBroker();
    const bench = await openBench({ broker });
    const alice = await bench.online('alice');
    alice.write(plainMessage('alice', 'bob', 'hello'));
    await bench.settle();
    expect(broker.published).toMatchObject([{ dataContent: 'hello', QoS: false }]);
    expect(bench.events.bridged).toHaveLength(1);
    expect(alice.received).toEqual([]);
  });

  it('of the server resolves as bridged', async () => {
    const broker = new LoopbackBroker();
    const bench = await openBench({ broker });
    await expect(bench.server.send('bob', 'hello')).resolves.toBe('bridged');
    expect(broker.published).toMatchObject([{ from: '0', to: 'bob', dataContent: 'hello', QoS: true }]);
  });

  it('is published although it came before the bridge had started', async () => {
    const broker = new LoopbackBroker();
    const bench = createBench({ broker });
    const listening = bench.server.listen();
    await expect(bench.server.send('bob', 'early')).resolves.toBe('bridged');
    await listening;
    expect(broker.published).toMatchObject([{ to: 'bob', dataContent: 'early' }]);
  });

  it('is not published when the user is online here', async () => {
    const broker = new LoopbackBroker();
    const bench = await openBench({ broker });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    expect(bob.received).toHaveLength(1);
    expect(broker.published).toEqual([]);
  });
});

describe('a message that the bridge does not take', () => {
  it('goes to the store where there is one', async () => {
    const broker = new LoopbackBroker();
    broker.failures.publish = down;
    const store = new ControlledStore();
    const bench = await openBench({ broker, store });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    expect(await store.waiting('bob')).toEqual(['fp-1']);
    expect(bench.events.bridgeFailed).toMatchObject([{ message: { fingerprint: 'fp-1' }, error: down }]);
    expect(bench.metric('bridgeFailures')).toBe(1);
  });

  it('is the application’s where it takes it', async () => {
    const broker = new LoopbackBroker();
    broker.failures.publish = down;
    const bench = await openBench({ broker, hooks: { onUndeliverable: () => true } });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    expect(bench.events.stored).toHaveLength(1);
  });

  it('is dropped where nobody takes it, and published when its sender repeats it', async () => {
    const broker = new LoopbackBroker();
    broker.failures.publish = down;
    const bench = await openBench({ broker });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    expect(alice.received).toEqual([]);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'offline' }]);
    broker.failures.publish = undefined;
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
  });
});

describe('a packet from the bridge', () => {
  const incoming = decodePacket(wire({ type: 2, dataContent: '网页', from: 'web-1', to: 'bob', fp: 'fp-1' }));

  it('goes to its user as a bridged QoS packet, and is taken when the user has acknowledged', async () => {
    const broker = new LoopbackBroker();
    const bench = await openBench({ broker });
    const bob = await bench.online('bob');
    const verdicts: BrokerVerdict[] = [];
    void broker.deliver(incoming).then((verdict) => verdicts.push(verdict));
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
    const broker = new LoopbackBroker();
    const bench = await openBench({ broker });
    const bob = await bench.online('bob');
    const text = wire({ type: 2, dataContent: 'x', from: 'web-1', to: 'bob', QoS: true, ...fields });
    await broker.host.receive(text);
    expect(bob.received).toMatchObject([{ QoS: false, bridge: true }]);
  });

  it('is given to its user once, however often the broker brings it, and taken each time', async () => {
    const broker = new LoopbackBroker();
    const bench = await openBench({ broker });
    const bob = await bench.online('bob');
    const copies = Array.from({ length: 50 }, () => broker.deliver(incoming));
    await bench.settle();
    bob.write(acknowledgement('bob', 'web-1', 'fp-1'));
    const later = Array.from({ length: 50 }, () => broker.deliver(incoming));
    const verdicts = await Promise.all([...copies, ...later]);
    expect(verdicts).toEqual(verdicts.map(() => ({ outcome: 'taken' })));
    expect(bob.received).toHaveLength(1);
    expect(bench.metric('duplicatesFromBridge')).toBe(99);
  });

  it('is another message when sender or receiver is another, whatever the fingerprint', async () => {
    const broker = new LoopbackBroker();
    const bench = await openBench({ broker });
    const [bob, carol] = [await bench.online('bob'), await bench.online('carol')];
    void broker.deliver(incoming);
    void broker.deliver({ ...asPlain(incoming), from: 'web-2' });
    void broker.deliver({ ...asPlain(incoming), to: 'carol' });
    await bench.settle();
    expect(bob.received.map(({ from }) => from)).toEqual(['web-1', 'web-2']);
    expect(carol.received).toHaveLength(1);
  });

  it('is remembered up to the limit, and the limit is reported', async () => {
    const broker = new LoopbackBroker();
    const hooks = { onUndeliverable: () => true };
    const bench = await openBench({ broker, hooks, maxRemembered: 2 });
    for (const fp of ['1', '2', '3', '4']) await broker.deliver({ ...asPlain(incoming), fp });
    expect(bench.events.limited).toMatchObject([{ limit: 'rememberedFingerprints', value: 2 }, {}]);
    expect(bench.metric('limitRemembered')).toBe(2);
    expect(bench.events.stored).toHaveLength(4);
  });

  it('to a user who is not online goes to the store, and never back over the bridge', async () => {
    const broker = new LoopbackBroker();
    const store = new ControlledStore();
    const bench = await openBench({ broker, store });
    expect(await broker.deliver(incoming)).toEqual({ outcome: 'taken' });
    expect(await store.waiting('bob')).toEqual(['fp-1']);
    expect(broker.published).toEqual([]);
    const bob = await bench.online('bob');
    expect(bob.received).toMatchObject([{ fp: 'fp-1', bridge: true, QoS: true }]);
  });

  it('to a user who is not online is the application’s where it takes it', async () => {
    const broker = new LoopbackBroker();
    const contents: string[] = [];
    const bench = await openBench({
      broker,
      hooks: {
        onUndeliverable: ({ content }) => {
          contents.push(content);
          return true;
        },
      },
    });
    expect(await broker.deliver(incoming)).toEqual({ outcome: 'taken' });
    expect(contents).toEqual(['网页']);
    expect(bench.events.stored).toMatchObject([{ bridged: true }]);
  });

  it('that nobody takes is rejected, and may come again', async () => {
    const broker = new LoopbackBroker();
    const bench = await openBench({ broker });
    const rejected = { outcome: 'rejected', code: 'ERR_UNDELIVERABLE' };
    expect(await broker.deliver(incoming)).toMatchObject(rejected);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'offline', message: { bridged: true } }]);
    expect(bench.events.bridgeRejected).toMatchObject([{ code: 'ERR_UNDELIVERABLE' }]);
    expect(bench.metric('rejectedFromBridge')).toBe(1);
    const bob = await bench.online('bob');
    void broker.deliver(incoming);
    await bench.settle();
    expect(bob.received).toHaveLength(1);
  });

  it('that the store fails to take is to come later, and is taken then', async () => {
    const broker = new LoopbackBroker();
    const store = new ControlledStore();
    store.failures.append = new Error('disk full');
    await openBench({ broker, store });
    expect(await broker.deliver(incoming)).toEqual({ outcome: 'later' });
    store.failures.append = undefined;
    expect(await broker.deliver(incoming)).toEqual({ outcome: 'taken' });
  });

  it('to a user for whom too many wait is rejected', async () => {
    const broker = new LoopbackBroker();
    const bench = await openBench({ broker, store: new ControlledStore({ maxPerUser: 1 }) });
    await broker.deliver(incoming);
    const verdict = await broker.deliver({ ...asPlain(incoming), fp: 'fp-2' });
    expect(verdict).toMatchObject({ outcome: 'rejected', code: 'ERR_UNDELIVERABLE' });
    expect(bench.events.undelivered).toMatchObject([{ reason: 'queue-full' }]);
  });

  it('is to come later while the server closes, also when its user was being given it', async () => {
    const broker = new LoopbackBroker();
    const bench = await openBench({ broker });
    await bench.online('bob');
    const underWay = broker.deliver(incoming);
    const closed = bench.close(0);
    expect(await broker.deliver({ ...asPlain(incoming), fp: 'fp-2' })).toEqual({ outcome: 'later' });
    expect(await underWay).toEqual({ outcome: 'later' });
    await closed;
  });

  it('is not given to anybody any more when the server closes', async () => {
    const broker = new LoopbackBroker();
    const bench = await openBench({ broker });
    const bob = await bench.online('bob');
    const closed = bench.server.close({ drainMs: 0 });
    expect(await broker.deliver(incoming)).toEqual({ outcome: 'later' });
    await closed;
    expect(bob.received.filter(({ type }) => type === 2)).toEqual([]);
  });

  it('from a user who is online here, or to its own sender, is delivered', async () => {
    const broker = new LoopbackBroker();
    const bench = await openBench({ broker });
    const [alice, bob] = [await bench.online('alice'), await bench.online('bob')];
    void broker.deliver({ ...asPlain(incoming), from: 'alice' });
    void broker.deliver({ ...asPlain(incoming), from: 'bob' });
    await bench.settle();
    expect(bob.received.map(({ from }) => from)).toEqual(['alice', 'bob']);
    expect(alice.received).toEqual([]);
  });

  it.each([
    ['no JSON', 'garbage{', 'ERR_MALFORMED_PACKET'],
    ['nothing', '', 'ERR_EMPTY_FRAME'],
    ['JSON that is no object', 'null', 'ERR_MALFORMED_PACKET'],
    ['a type that is no number', '{"type":"x","from":"web-1","to":"bob"}', 'ERR_INVALID_FIELD'],
    [
      'a lone surrogate in its fingerprint',
      '{"type":2,"from":"web-1","to":"bob","fp":"\\ud800"}',
      'ERR_INVALID_FIELD',
    ],
    ['an object as its receiver', '{"type":2,"from":"web-1","to":{}}', 'ERR_INVALID_FIELD'],
    ['no receiver', wire({ type: 2, dataContent: 'x', from: 'web-1', fp: 'fp-1' }), 'ERR_INVALID_FIELD'],
    ['the server as its receiver', '{"type":2,"from":"web-1","to":"0","fp":"1"}', 'ERR_INVALID_FIELD'],
    ['no sender', '{"type":2,"to":"bob","fp":"1"}', 'ERR_INVALID_FIELD'],
    ['a kick-out', '{"type":54,"from":"0","to":"bob","dataContent":"{}"}', 'ERR_INVALID_FIELD'],
    ['an id that is too long', wire({ type: 2, from: 'x'.repeat(257), to: 'bob' }), 'ERR_INVALID_FIELD'],
  ])('with %s is rejected, and the next is taken', async (_name, text, code) => {
    const broker = new LoopbackBroker();
    const bench = await openBench({ broker, hooks: { onUndeliverable: () => true } });
    expect(await broker.host.receive(text)).toMatchObject({ outcome: 'rejected', code });
    expect(bench.metric('messagesFromBridge')).toBe(0);
    expect(bench.events.bridgeRejected).toMatchObject([{ code }]);
    expect(await broker.deliver(incoming)).toEqual({ outcome: 'taken' });
  });
});

describe('a bridge that joins and loses its broker', () => {
  it('reports it, and counts it', async () => {
    const broker = new LoopbackBroker({ joinsAtStart: false });
    const bench = await openBench({ broker });
    expect(bench.metric('bridgeJoined')).toBe(0);
    broker.join();
    expect(bench.metric('bridgeJoined')).toBe(1);
    broker.lose(down);
    expect(bench.metric('bridgeJoined')).toBe(0);
    expect(bench.events.bridge).toEqual([
      { state: 'joined', error: undefined },
      { state: 'away', error: down },
    ]);
  });
});
