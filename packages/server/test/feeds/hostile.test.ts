import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/store-memory/memory-store.js';
import { openBench, START_TIME } from '../support/bench.js';
import { ControlledStore } from '../support/controlled-store.js';
import { offer, onlineDevice } from '../support/log-device.js';
import { keepAlive, login, message } from '../support/wire.js';

const openWithStore = () =>
  openBench({ store: memoryStore({ historyMs: 60_000, wallTime: () => START_TIME }) });

describe('positions that cannot be', () => {
  it.each([2 ** 53, -1, 0.5, '1', null, 7])('change nothing: %j', async (s) => {
    const bench = await openWithStore();
    const alice = await bench.online('alice');
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    alice.write(message('alice', 'bob', 'one', 'f1'));
    await bench.settle();
    bob.send({ type: 1000, x: { s } });
    bob.send({ type: 1001, x: { after: s } });
    await bench.settle();
    expect(bob.contents).toEqual(['one']);
    expect(bench.events.received).toEqual([]);
    bob.peer.destroy();
    await bench.settle();
    expect((await onlineDevice(bench, 'bob', 'laptop')).contents).toEqual(['one']);
  });
});

describe('a packet of the extension whose x is invalid', () => {
  it.each([
    [1000, { s: '1' }, 'x.s'],
    [1001, { after: -1 }, 'x.after'],
    [1004, { q: 1, op: 'devices', limit: 0 }, 'x.limit'],
  ])(
    'of type %i is counted and reported, gets no answer, and does not end the session',
    async (type, x, member) => {
      const bench = await openWithStore();
      const bob = await onlineDevice(bench, 'bob', 'laptop');
      bob.send({ type, x });
      await bench.settle();
      expect(bob.peer.received).toEqual([]);
      expect(bob.peer.isClosed).toBe(false);
      expect(bench.metric('invalidExtensions')).toBe(1);
      expect(bench.events.violation).toMatchObject([
        { userId: 'bob', reason: expect.stringContaining(member) },
      ]);
      bob.request(2, 'devices');
      await bench.settle();
      expect(bob.extensions(1104)).toMatchObject([{ q: 2, items: [{ id: 'laptop' }] }]);
    },
  );
});

describe('device IDs with odd characters', () => {
  it.each(['__proto__', ' ', '"\\', '😀'.repeat(32), 'a\n', '0'])('are like others: %j', async (id) => {
    const bench = await openWithStore();
    const alice = await bench.online('alice');
    const bob = await onlineDevice(bench, 'bob', id);
    alice.write(message('alice', 'bob', 'one', 'f1'));
    await bench.settle();
    bob.acknowledge(1);
    await bench.advance(100);
    bob.peer.destroy();
    await bench.settle();
    expect((await onlineDevice(bench, 'bob', id)).answer.pos.s).toBe(1);
    expect(await bench.server.devices.list('bob')).toMatchObject([{ id }]);
    expect(await bench.server.devices.remove('bob', id)).toBe(true);
  });
});

describe('the bytes to v6 sessions', () => {
  it('are the same whatever x their packets have', async () => {
    const frames = [];
    for (const x of [
      undefined,
      { v: 1, caps: ['sig'] },
      { v: 1, caps: ['g1234'], dev: { id: 'd' } },
      7,
      null,
      [],
    ]) {
      const bench = await openWithStore();
      const bob = await bench.online('bob');
      const alice = bench.connect();
      alice.write(login('alice', { x }));
      await bench.settle();
      for (const text of [message('alice', 'bob', 'one', 'f1'), keepAlive('alice')])
        alice.write(x === undefined ? text : text.replace(/}$/, `,"x":${JSON.stringify(x)}}`));
      alice.write(
        '{"bridge":false,"type":1000,"from":"alice","to":"0","QoS":false,"typeu":-1,"sm":-1,"x":{"s":0}}',
      );
      await bench.settle();
      frames.push([alice.frames, bob.frames]);
    }
    for (const each of frames) expect(each).toEqual(frames[0]);
  });
});

describe('the policy `one`', () => {
  it('leaves one of two logins in one turn', async () => {
    const bench = await openBench({ store: memoryStore(), sessions: { policy: 'one' } });
    const peers = ['laptop', 'tablet', 'phone'].map((id) => {
      const peer = bench.connect();
      peer.write(login('bob', { x: offer(id) }));
      return peer;
    });
    const v6 = bench.connect();
    v6.write(login('bob'));
    await bench.settle();
    expect([...peers, v6].filter(({ isClosed }) => !isClosed)).toHaveLength(1);
    expect(bench.server.sessions('bob')).toHaveLength(1);
  });
});

describe('a request for history', () => {
  it('reads no more than fits into an answer', async () => {
    const store = new ControlledStore({ historyMs: 60_000 });
    const limits: number[] = [];
    const { history } = store;
    store.history = (query) => {
      limits.push(query.limit);
      return history(query);
    };
    const bench = await openBench({ store });
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    bob.request(1, 'history', { c: 'alice', limit: 1000 });
    await bench.settle();
    expect(limits[0]).toBeLessThanOrEqual(100);
  });

  it('gets past a message that is too long for an answer', async () => {
    const bench = await openWithStore();
    const alice = await bench.online('alice', 'websocket');
    const bob = await onlineDevice(bench, 'bob', 'laptop');
    alice.write(message('alice', 'bob', 'old', 'f1'), message('alice', 'bob', 'x'.repeat(7000), 'f2'));
    await bench.settle();
    bob.request(1, 'history', { c: 'alice' });
    bob.request(2, 'history', { c: 'alice', before: 2 });
    bob.request(3, 'conversations');
    await bench.settle();
    expect(bob.extensions(1104)).toMatchObject([
      { q: 1, items: [{ i: 2, content: '', cut: true }], more: true },
      { q: 2, items: [{ i: 1, content: 'old' }], more: false },
      { q: 3, items: [{ c: 'alice', last: { i: 2, content: '', cut: true } }], more: false },
    ]);
  });
});
