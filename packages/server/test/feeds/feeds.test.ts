import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/message.js';
import { memoryStore } from '../../src/store-memory/memory-store.js';
import { openBench, START_TIME } from '../support/bench.js';
import { offer, onlineDevice } from '../support/log-device.js';
import { acknowledgement, keepAlive, login, message } from '../support/wire.js';

const openWithStore = () => openBench({ store: memoryStore({ wallTime: () => START_TIME }) });

describe('a login that offers a log', () => {
  it('is answered with where the log goes on', async () => {
    const bench = await openWithStore();
    const { answer } = await onlineDevice(bench, 'alice', 'laptop');
    expect(answer).toMatchObject({ v: 1, caps: ['log'], pos: { s: 0, first: 1, last: 0 }, win: 64 });
    expect(answer.key).toBeUndefined();
    expect(bench.events.deviceAdded).toMatchObject([
      { userId: 'alice', device: { id: 'laptop', kind: 'web' } },
    ]);
    expect(bench.server.sessions('alice')).toMatchObject([{ deviceId: 'laptop' }]);
  });

  it('is one of a v6 client on a server without a store', async () => {
    const bench = await openBench();
    const alice = bench.connect();
    alice.write(login('alice', { x: offer('laptop') }));
    await bench.settle();
    expect(alice.received).toMatchObject([
      { type: 50, dataContent: `{"code":0,"firstLoginTime":${START_TIME}}` },
    ]);
  });

  it('is one of a v6 client if the offer is invalid, which is reported', async () => {
    const bench = await openWithStore();
    const alice = bench.connect();
    alice.write(login('alice', { x: { v: 1, caps: ['log'], dev: { id: 7 } } }));
    await bench.settle();
    expect(alice.received).toMatchObject([
      { type: 50, dataContent: `{"code":0,"firstLoginTime":${START_TIME}}` },
    ]);
    expect(bench.events.violation).toMatchObject([{ reason: expect.stringContaining('x.dev.id') }]);
    expect(bench.metric('invalidOffers')).toBe(1);
  });

  it('reports an invalid offer once, also if `authenticate` is asked', async () => {
    const authenticate = () => ({ accept: true }) as const;
    const bench = await openBench({ store: memoryStore(), hooks: { authenticate } });
    bench.connect().write(login('alice', { x: { v: 1, caps: ['log'], dev: { id: 7 } } }));
    await bench.settle();
    expect(bench.events.violation).toHaveLength(1);
    expect(bench.metric('invalidOffers')).toBe(1);
  });

  it('acknowledges the position that it says', async () => {
    const store = memoryStore({ maxPerUser: 1, wallTime: () => START_TIME });
    const bench = await openBench({ store });
    const { answer, peer } = await onlineDevice(bench, 'bob', 'laptop');
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'one', 'f1'));
    await bench.settle();
    peer.destroy();
    await bench.settle();
    expect(await store.count('bob')).toMatchObject({ messages: 1 });
    const bob = await onlineDevice(bench, 'bob', 'laptop', { position: { e: answer.pos.e, s: 1 } });
    await bench.settle();
    expect(await store.count('bob')).toMatchObject({ messages: 0 });
    alice.write(message('alice', 'bob', 'two', 'f2'));
    await bench.settle();
    expect(bob.contents).toEqual(['two']);
  });

  it('does not acknowledge what lies in a hole', async () => {
    const store = memoryStore({ wallTime: () => START_TIME });
    const bench = await openBench({ store });
    (await onlineDevice(bench, 'bob', 'laptop')).peer.destroy();
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'one', 'f1'));
    await bench.settle();
    const { answer } = await onlineDevice(bench, 'bob', 'laptop', { position: { e: 'other', s: 7 } });
    expect(answer).toMatchObject({ pos: { s: 1 }, hole: [1, 1] });
    await bench.settle();
    expect(await store.count('bob')).toMatchObject({ messages: 1 });
  });

  it('takes the place of the session before of the same device, without a kick-out', async () => {
    const bench = await openWithStore();
    const first = await onlineDevice(bench, 'alice', 'laptop');
    const second = await onlineDevice(bench, 'alice', 'laptop', { transport: 'websocket' });
    expect(first.peer.received).toEqual([]);
    expect([first.peer.isClosed, second.peer.isClosed]).toEqual([true, false]);
    expect(bench.events.offline).toEqual([]);
    expect(bench.events.sessionEnded).toMatchObject([{ reason: 'replaced', kickCode: -1 }]);
    expect(bench.events.deviceAdded).toHaveLength(1);
  });

  it('leaves a v6 session beside it, and the other way round', async () => {
    const bench = await openWithStore();
    const phone = await bench.online('alice');
    const laptop = await onlineDevice(bench, 'alice', 'laptop');
    expect([phone.isClosed, laptop.peer.isClosed]).toEqual([false, false]);
    expect(bench.events.online).toHaveLength(1);
    phone.destroy();
    await bench.settle();
    expect(bench.events.offline).toEqual([]);
    laptop.peer.destroy();
    await bench.settle();
    expect(bench.events.offline).toMatchObject([{ userId: 'alice' }]);
    expect(bench.server.isOnline('alice')).toBe(false);
  });
});

describe('a message', () => {
  it('to a device has its place in the log, and is acknowledged to a v6 sender when it is stored', async () => {
    const bench = await openWithStore();
    const alice = await bench.online('alice');
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await bench.settle();
    expect(bob.peer.received).toEqual([
      {
        ...{ bridge: false, type: 2, dataContent: 'hello', from: 'alice', to: 'bob', fp: 'f1' },
        ...{ QoS: true, typeu: -1, sm: -1, x: { s: 1, i: 1, t: START_TIME } },
      },
    ]);
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'f1', from: 'bob' }]);
  });

  it('of a device is told as stored, and shown to its user’s other devices', async () => {
    const bench = await openWithStore();
    const laptop = await onlineDevice(bench, 'alice', 'laptop');
    const tablet = await onlineDevice(bench, 'alice', 'tablet');
    const bob = await bench.online('bob');
    laptop.write('bob', 'hello', 'f1');
    await bench.settle();
    expect(laptop.extensions(1100)).toEqual([{ fp: 'f1', s: 1, i: 1, t: START_TIME }]);
    expect(laptop.peer.received).toHaveLength(1);
    expect(tablet.peer.received).toMatchObject([{ type: 2, from: 'alice', to: 'bob', x: { s: 1, i: 1 } }]);
    expect(bob.received).toMatchObject([{ type: 2, dataContent: 'hello', fp: 'f1' }]);
    expect(bob.received[0]).not.toHaveProperty('x');
  });

  it('of a v6 session is shown to its user’s devices, and never to the v6 session', async () => {
    const bench = await openWithStore();
    const phone = await bench.online('alice');
    const laptop = await onlineDevice(bench, 'alice', 'laptop');
    await bench.online('bob');
    phone.write(message('alice', 'bob', 'hello', 'f1'));
    await bench.settle();
    expect(laptop.entries).toEqual([[1, 'hello']]);
    expect(phone.received).toMatchObject([{ type: 4, dataContent: 'f1' }]);
  });

  it('waits for a v6 session that is offline, whatever the devices have taken', async () => {
    const bench = await openWithStore();
    (await bench.online('bob')).destroy();
    const laptop = await onlineDevice(bench, 'bob', 'laptop');
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await bench.settle();
    laptop.acknowledge(1);
    await bench.advance(100);
    const phone = await bench.online('bob');
    expect(phone.received).toMatchObject([{ type: 2, dataContent: 'hello' }]);
    phone.write(acknowledgement('bob', 'alice', 'f1'));
    await bench.advance(100);
    phone.destroy();
    expect((await bench.online('bob')).received).toEqual([]);
  });

  it('to oneself has one entry, and is told as stored', async () => {
    const bench = await openWithStore();
    const laptop = await onlineDevice(bench, 'alice', 'laptop');
    const tablet = await onlineDevice(bench, 'alice', 'tablet');
    laptop.write('alice', 'note', 'f1');
    await bench.settle();
    expect(laptop.peer.received).toHaveLength(1);
    expect(laptop.extensions(1100)).toEqual([{ fp: 'f1', s: 1, i: 1, t: START_TIME }]);
    expect(tablet.entries).toEqual([[1, 'note']]);
  });

  it('that a device gets at once is no case for onStored, until its session ends without an acknowledgement', async () => {
    const told: string[] = [];
    const onStored = (messages: readonly Message[]): void => {
      for (const { content } of messages) told.push(content);
    };
    const bench = await openBench({ store: memoryStore(), hooks: { onStored } });
    const alice = await bench.online('alice');
    const laptop = await onlineDevice(bench, 'bob', 'laptop');
    for (const content of ['one', 'two']) alice.write(message('alice', 'bob', content, content));
    await bench.advance(1000);
    laptop.acknowledge(1);
    await bench.advance(1000);
    expect(told).toEqual([]);
    laptop.peer.destroy();
    await bench.advance(1000);
    expect(told).toEqual(['two']);
  });

  it('that was repeated after it was handled is told as stored again', async () => {
    const bench = await openWithStore();
    const laptop = await onlineDevice(bench, 'alice', 'laptop');
    for (let copy = 0; copy < 3; copy += 1) {
      laptop.write('bob', 'hello', 'f1');
      await bench.settle();
    }
    expect(laptop.extensions(1100)).toMatchObject([
      { fp: 'f1', s: 1, i: 1 },
      { fp: 'f1', s: 1, i: 1 },
      { fp: 'f1', s: 1, i: 1 },
    ]);
    expect(bench.metric('messagesStored')).toBe(3);
  });
});

describe('a feed', () => {
  it('continues behind the position of the device', async () => {
    const bench = await openWithStore();
    const alice = await bench.online('alice');
    const first = await onlineDevice(bench, 'bob', 'laptop');
    for (const content of ['one', 'two', 'three']) alice.write(message('alice', 'bob', content, content));
    await bench.settle();
    expect(first.entries).toEqual([
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
    ]);
    first.acknowledge(1);
    await bench.advance(100);
    first.peer.destroy();
    const { e } = first.answer.pos;
    const second = await onlineDevice(bench, 'bob', 'laptop', {
      transport: 'websocket',
      position: { e, s: 2 },
    });
    expect(second.answer.pos).toEqual({ e, s: 2, first: 1, last: 3 });
    expect(second.entries).toEqual([[3, 'three']]);
  });

  it('names a hole if the positions are those of another log', async () => {
    const bench = await openWithStore();
    const alice = await bench.online('alice');
    await onlineDevice(bench, 'bob', 'laptop');
    for (const content of ['one', 'two']) alice.write(message('alice', 'bob', content, content));
    await bench.settle();
    const other = await onlineDevice(bench, 'bob', 'laptop', { position: { e: 'other', s: 1 } });
    expect(other.answer).toMatchObject({ pos: { s: 2, last: 2 }, hole: [1, 2] });
    const { e } = other.answer.pos;
    const beyond = await onlineDevice(bench, 'bob', 'laptop', { position: { e, s: 7 } });
    expect(beyond.answer).toMatchObject({ pos: { s: 2, last: 2 }, hole: [1, 2] });
    expect(beyond.entries).toEqual([]);
  });

  it('writes no more than its window beyond the acknowledged position', async () => {
    const bench = await openWithStore();
    const alice = await bench.online('alice');
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    for (let n = 1; n <= 200; n += 1) alice.write(message('alice', 'bob', `${n}`, `f${n}`));
    await bench.settle();
    expect(bob.entries.at(-1)).toEqual([64, '64']);
    bob.acknowledge(10);
    await bench.settle();
    expect(bob.entries.at(-1)).toEqual([74, '74']);
    for (let position = 74; position < 200; position = Math.min(200, position + 64)) {
      bob.acknowledge(position);
      await bench.settle();
    }
    expect(bob.entries.map(([position]) => position)).toEqual(
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
  });

  it('goes back when the device asks, and when nothing is acknowledged', async () => {
    const bench = await openWithStore();
    const alice = await bench.online('alice');
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    for (const content of ['one', 'two']) alice.write(message('alice', 'bob', content, content));
    await bench.settle();
    bob.sync(1);
    await bench.settle();
    expect(bob.contents).toEqual(['one', 'two', 'two']);
    await bench.advance(6000);
    expect(bob.contents).toEqual(['one', 'two', 'two', 'two']);
    bob.acknowledge(2);
    await bench.advance(60_000);
    expect(bob.contents).toHaveLength(4);
  });

  it('tells the end of the log in responses to keep-alives', async () => {
    const bench = await openWithStore();
    const alice = await bench.online('alice');
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    bob.peer.write(keepAlive('bob'));
    alice.write(keepAlive('alice'));
    await bench.settle();
    bob.peer.write(keepAlive('bob'));
    await bench.settle();
    expect(bob.extensions(51).at(-1)).toEqual({ last: 1 });
    expect(alice.received.filter(({ type }) => type === 51)[0]).not.toHaveProperty('x');
  });

  it('of a UDP session begins with the first position, and needs the key of the login response', async () => {
    const bench = await openWithStore();
    const alice = await bench.online('alice');
    const bob = await onlineDevice(bench, 'bob', 'laptop', { transport: 'udp' });
    expect(bob.answer).toMatchObject({ win: 16, key: expect.stringMatching(/^[\w-]{11}$/) });
    alice.write(message('alice', 'bob', 'hello', 'f1'));
    await bench.settle();
    expect(bob.entries).toEqual([]);
    bob.peer.write(
      `{"bridge":false,"type":1000,"from":"bob","to":"0","QoS":false,"typeu":-1,"sm":-1,"x":{"s":0}}`,
    );
    await bench.settle();
    expect(bob.entries).toEqual([]);
    expect(bench.metric('withoutSessionKey')).toBe(1);
    bob.acknowledge(0);
    await bench.settle();
    expect(bob.entries).toEqual([[1, 'hello']]);
  });
});

describe('requests', () => {
  it('bring the devices of the user, and remove one', async () => {
    const bench = await openWithStore();
    const laptop = await onlineDevice(bench, 'alice', 'laptop');
    const tablet = await onlineDevice(bench, 'alice', 'tablet');
    laptop.request(7, 'devices');
    await bench.settle();
    expect(laptop.extensions(1104)).toEqual([
      {
        q: 7,
        items: [
          { id: 'laptop', kind: 'web', name: 'Chrome', seen: START_TIME, on: true, own: true },
          { id: 'tablet', kind: 'web', name: 'Chrome', seen: START_TIME, on: true, own: false },
        ],
        more: false,
      },
    ]);
    laptop.request(8, 'removeDevice', { id: 'tablet' });
    await bench.settle();
    expect(tablet.peer.received).toMatchObject([{ type: 54 }]);
    expect(bench.events.deviceRemoved).toMatchObject([{ device: { id: 'tablet' } }]);
    expect(await bench.server.devices.list('alice')).toMatchObject([{ id: 'laptop', isOnline: true }]);
  });

  it('bring history and conversations by pages', async () => {
    const bench = await openBench({ store: memoryStore({ historyMs: 60_000, wallTime: () => START_TIME }) });
    const laptop = await onlineDevice(bench, 'alice', 'laptop');
    for (const content of ['one', 'two', 'three']) laptop.write('bob', content, content);
    await bench.settle();
    laptop.request(1, 'history', { c: 'bob', limit: 2 });
    laptop.request(2, 'history', { c: 'bob', before: 2, limit: 2 });
    laptop.request(3, 'conversations');
    await bench.settle();
    expect(laptop.extensions(1104)).toMatchObject([
      {
        q: 1,
        items: [
          { i: 3, content: 'three', from: 'alice' },
          { i: 2, content: 'two' },
        ],
        more: true,
      },
      { q: 2, items: [{ i: 1, content: 'one', t: START_TIME, fp: 'one' }], more: false },
      { q: 3, items: [{ c: 'bob', last: { i: 3, content: 'three' } }], more: false },
    ]);
  });

  it('that cannot be answered get a code', async () => {
    const bench = await openWithStore();
    const laptop = await onlineDevice(bench, 'alice', 'laptop');
    laptop.request(1, 'history', { c: 'bob' });
    laptop.request(2, 'dance');
    laptop.request(3, 'removeDevice');
    await bench.settle();
    expect(laptop.extensions(1104)).toEqual([
      { q: 1, code: 'ERR_NO_HISTORY' },
      { q: 2, code: 'ERR_UNKNOWN_OPERATION' },
      { q: 3, code: 'ERR_INVALID_REQUEST' },
    ]);
  });
});
