import { type BinaryString, decodeFrameBody } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import { openBench } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { LoopbackBridge } from './support/loopback-bridge.js';
import { acknowledgement, message } from './support/wire.js';

const down = new Error('no broker');
const OUTBOX = '-1';

async function openOutbox(store = new ControlledStore()) {
  const bridge = new LoopbackBridge();
  const bench = await openBench({ bridge, store });
  const alice = await bench.online('alice');
  const send = async (to: string, ...fingerprints: readonly string[]) => {
    for (const fp of fingerprints) alice.write(message('alice', to, `text ${fp}`, fp));
    await bench.settle();
  };
  const acknowledged = () => alice.received.map(({ dataContent }) => dataContent);
  const published = () => bridge.published.map(({ fp }) => fp);
  return { bridge, bench, store, alice, send, acknowledged, published };
}

describe('messages while the broker is away, with a store', () => {
  it('are stored and acknowledged at once, and follow in their order when the broker is back', async () => {
    const { bridge, bench, store, send, acknowledged, published } = await openOutbox();
    bridge.lose(down);
    await send('bob', '1', '2', '3');
    expect(acknowledged()).toEqual(['1', '2', '3']);
    expect(await store.waiting('bob')).toEqual(['1', '2', '3']);
    expect(published()).toEqual([]);
    bridge.join();
    await bench.settle();
    expect(published()).toEqual(['1', '2', '3']);
    expect(await store.waiting('bob')).toEqual([]);
    expect(await store.waiting(OUTBOX)).toEqual([]);
    expect(bench.events.bridged.map(({ fingerprint }) => fingerprint)).toEqual(['1', '2', '3']);
    expect(bench.metric('messagesStored')).toBe(3);
    expect(bench.metric('messagesBridged')).toBe(3);
  });

  it('are published as they would have been', async () => {
    const { bridge, bench, send } = await openOutbox();
    await send('bob', '1');
    bridge.lose(down);
    await send('bob', '2');
    bridge.join();
    await bench.settle();
    const [direct, stored] = bridge.published;
    expect(stored).toEqual({ ...direct, fp: '2', dataContent: 'text 2' });
  });

  it('keep newer ones behind them until they are with the broker', async () => {
    const { bridge, bench, send, published } = await openOutbox();
    bridge.lose(down);
    await send('bob', '1', '2');
    bridge.hold();
    bridge.join();
    await bench.settle();
    await send('bob', '3');
    await send('carol', '4');
    expect(published()).toEqual(['1', '2']);
    bridge.confirm();
    await bench.settle();
    bridge.confirm();
    await bench.settle();
    expect(published()).toEqual(['1', '2', '3', '4']);
  });

  it('are caught up with although new ones never cease, and those go straight to the broker again', async () => {
    const { bridge, bench, alice, store, send, published } = await openOutbox();
    bridge.lose(down);
    await send('bob', '0');
    bridge.join();
    for (let index = 1; index <= 200; index++) {
      alice.write(message('alice', 'bob', 'more', `${index}`));
      await Promise.resolve();
    }
    await bench.settle();
    expect(published()).toEqual(Array.from({ length: 201 }, (_, index) => `${index}`));
    const appends = store.calls.append;
    await send('bob', 'last');
    expect(published().at(-1)).toBe('last');
    expect(store.calls.append).toBe(appends);
  });

  it('are published page after page, although the broker has yet to confirm the first', async () => {
    const { bridge, bench, store, send, published } = await openOutbox();
    bridge.lose(down);
    const fingerprints = Array.from({ length: 200 }, (_, index) => `${index}`);
    await send('bob', ...fingerprints);
    bridge.hold();
    bridge.join();
    await bench.settle();
    expect(published()).toEqual(fingerprints);
    bridge.confirm();
    await bench.advance(100);
    expect(await store.waiting(OUTBOX)).toEqual([]);
  });

  it('that the broker loses among several pages are all tried again', async () => {
    const { bridge, bench, store, send, published } = await openOutbox();
    bridge.lose(down);
    const fingerprints = Array.from({ length: 200 }, (_, index) => `${index}`);
    await send('bob', ...fingerprints);
    bridge.hold();
    bridge.join();
    await bench.settle();
    bridge.lose(down);
    await bench.settle();
    bridge.join();
    await bench.advance(100);
    expect(published()).toEqual([...fingerprints, ...fingerprints]);
    expect(await store.waiting(OUTBOX)).toEqual([]);
  });

  it('are the user’s who comes online here meanwhile, and are not published', async () => {
    const { bridge, bench, store, send, published } = await openOutbox();
    bridge.lose(down);
    await send('bob', '1', '2');
    const bob = await bench.online('bob');
    expect(bob.received.map(({ fp }) => fp)).toEqual(['1', '2']);
    bob.write(acknowledgement('bob', 'alice', '1'));
    bridge.join();
    await bench.settle();
    expect(published()).toEqual([]);
    bob.write(acknowledgement('bob', 'alice', '2'));
    await bench.advance(25);
    expect(await store.waiting('bob')).toEqual([]);
    expect(await store.waiting(OUTBOX)).toEqual([]);
  });

  it('come before new ones to the user who comes online here while their slips are written', async () => {
    const { bridge, bench, store, send } = await openOutbox();
    const take = store.take.bind(store);
    let answer = () => {};
    const mayAnswer = new Promise<void>((resolve) => {
      answer = resolve;
    });
    store.take = async (userId, after, limit) => {
      const page = await take(userId, after, limit);
      await mayAnswer;
      return page;
    };
    bridge.lose(down);
    store.hold('append');
    await send('bob', '1');
    const bob = await bench.online('bob');
    store.release('append');
    store.hold('append');
    await bench.settle();
    answer();
    await bench.settle();
    await send('bob', '2');
    store.release('append');
    await bench.settle();
    expect(bob.received.map(({ fp }) => fp)).toEqual(['1', '2']);
  });

  it('are left out of a replay while the broker has them, and replayed when it loses them', async () => {
    const { bridge, bench, send } = await openOutbox();
    bridge.lose(down);
    await send('bob', '1');
    bridge.hold();
    bridge.join();
    await bench.settle();
    const bob = await bench.online('bob');
    expect(bob.received).toEqual([]);
    bridge.lose(down);
    await bench.settle();
    expect(bob.received.map(({ fp }) => fp)).toEqual(['1']);
  });

  it('are all published although the broker has yet to confirm one that was stored before them', async () => {
    const { bridge, bench, store, send } = await openOutbox();
    bridge.hold();
    await send('bob', 'unconfirmed');
    await bench.advance(500);
    const taken: BinaryString[] = [];
    bridge.publish = () => Promise.reject(down);
    await send('bob', 'refused');
    bridge.publish = async ({ body }) => void taken.push(body);
    store.hold('append');
    await bench.advance(500);
    await send('bob', 'behind');
    await bench.advance(500);
    store.release('append');
    await bench.settle();
    bridge.confirm();
    await bench.advance(100);
    expect(taken.map((body) => decodeFrameBody(body).fp)).toEqual(['refused', 'behind']);
    expect(await store.waiting(OUTBOX)).toEqual([]);
  });

  it('are published once each, also those that stand in line longer than a store may take', async () => {
    const { bridge, bench, store, send, published, acknowledged } = await openOutbox();
    bridge.lose(down);
    store.hold('append');
    await send('bob', 'writing');
    bridge.join();
    await bench.settle();
    await send('bob', 'in line');
    await bench.advance(1000);
    store.release('append');
    await bench.advance(100);
    expect(acknowledged()).toEqual(['writing', 'in line']);
    expect(published()).toEqual(['writing', 'in line']);
    expect(await store.waiting(OUTBOX)).toEqual([]);
  });

  it('survive the server, and are published by the next one', async () => {
    const store = new ControlledStore();
    const first = await openOutbox(store);
    first.bridge.lose(down);
    await first.send('bob', '1', '2');
    store.close = async () => {};
    await first.bench.close(0);
    const bridge = new LoopbackBridge();
    const second = await openBench({ bridge, store });
    await second.settle();
    expect(bridge.published.map(({ fp }) => fp)).toEqual(['1', '2']);
    expect(await store.waiting(OUTBOX)).toEqual([]);
  });

  it('are tried again after a while when the broker refuses them', async () => {
    const { bridge, bench, send, published } = await openOutbox();
    bridge.failures.publish = down;
    await send('bob', '1');
    expect(published()).toEqual(['1']);
    bridge.failures.publish = undefined;
    await bench.advance(1000);
    expect(published()).toEqual(['1', '1']);
    expect(bench.metric('bridgePending')).toBe(0);
  });

  it('are tried again when the store could not be read', async () => {
    const { bridge, bench, store, send, published } = await openOutbox();
    bridge.lose(down);
    await send('bob', '1');
    store.failures.take = new Error('disk');
    bridge.join();
    await bench.settle();
    expect(bench.events.error).toMatchObject([{ message: 'disk' }]);
    store.failures.take = undefined;
    await bench.advance(1000);
    expect(published()).toEqual(['1']);
  });

  it('are not acknowledged when the store cannot take them', async () => {
    const { bridge, store, bench, send, acknowledged } = await openOutbox();
    bridge.lose(down);
    store.failures.append = new Error('disk full');
    await send('bob', '1');
    expect(acknowledged()).toEqual([]);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'store' }]);
    store.failures.append = undefined;
    await send('bob', '1');
    expect(acknowledged()).toEqual(['1']);
  });

  it('are told when there is no room for them, and are not acknowledged', async () => {
    const { bridge, bench, send, acknowledged } = await openOutbox(new ControlledStore({ maxPerUser: 1 }));
    bridge.lose(down);
    await send('bob', '1', '2');
    expect(acknowledged()).toEqual(['1']);
    expect(bench.events.queueFull).toMatchObject([{ userId: 'bob', limit: 'maxPerUser' }]);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'queue-full' }]);
  });

  it('expire like any other, and only they are told of', async () => {
    const store = new ControlledStore({ maxAgeMs: 5000 });
    const { bridge, bench, send } = await openOutbox(store);
    bridge.lose(down);
    await send('bob', '1');
    await bench.advance(600_000);
    expect(bench.events.expired).toMatchObject([{ message: { to: 'bob', fingerprint: '1' } }]);
    expect(bench.metric('messagesExpired')).toBe(1);
    expect(await store.waiting(OUTBOX)).toEqual([]);
    expect(await store.deadLetters(undefined, 10)).toHaveLength(1);
  });

  it('without QoS wait in the bridge, as no store takes them', async () => {
    const { bridge, bench } = await openOutbox();
    bridge.hold();
    void bench.server.send('bob', 'hello', { qos: false });
    void bench.server.send('bob', 'hello');
    expect(bridge.messages).toMatchObject([
      { mayWait: true, isRepeatable: false },
      { mayWait: false, isRepeatable: true },
    ]);
  });
});

describe('a broker that is slow to confirm, with a store', () => {
  it('has its messages stored after a while, so that their senders can be acknowledged', async () => {
    const { bridge, bench, store, send, acknowledged } = await openOutbox();
    bridge.hold();
    await send('bob', '1');
    await bench.advance(999);
    expect(acknowledged()).toEqual([]);
    await bench.advance(1);
    expect(acknowledged()).toEqual(['1']);
    expect(await store.waiting('bob')).toEqual(['1']);
    expect(bench.metric('bridgePending')).toBe(1);
  });

  it('is not given them a second time, and takes them out of the store when it confirms', async () => {
    const { bridge, bench, store, send, acknowledged, published } = await openOutbox();
    bridge.hold();
    await send('bob', '1');
    await bench.advance(3000);
    bridge.confirm();
    await bench.settle();
    expect(published()).toEqual(['1']);
    expect(acknowledged()).toEqual(['1']);
    expect(await store.waiting('bob')).toEqual([]);
    expect(await store.waiting(OUTBOX)).toEqual([]);
  });

  it('is given them again when it is lost before it has confirmed', async () => {
    const { bridge, bench, store, send, published } = await openOutbox();
    bridge.hold();
    await send('bob', '1', '2');
    await bench.advance(1000);
    await send('bob', '3');
    bridge.lose(down);
    await bench.settle();
    expect(await store.waiting('bob')).toEqual(['1', '2', '3']);
    bridge.join();
    await bench.settle();
    expect(published()).toEqual(['1', '2', '3', '1', '2', '3']);
    expect(await store.waiting('bob')).toEqual([]);
  });

  it('may confirm while the store is writing: the store then forgets the message', async () => {
    const { bridge, bench, store, send, acknowledged } = await openOutbox();
    bridge.hold();
    await send('bob', '1');
    store.hold('append');
    await bench.advance(1000);
    bridge.confirm();
    await bench.settle();
    expect(acknowledged()).toEqual(['1']);
    store.release('append');
    await bench.settle();
    expect(acknowledged()).toEqual(['1']);
    expect(await store.waiting('bob')).toEqual([]);
    expect(await store.waiting(OUTBOX)).toEqual([]);
  });

  it('is still waited for when the store does not take a message', async () => {
    const { bridge, bench, store, send, acknowledged } = await openOutbox();
    bridge.hold();
    store.failures.append = new Error('disk full');
    await send('bob', '1');
    await bench.advance(1000);
    expect(acknowledged()).toEqual([]);
    expect(bench.events.undelivered).toEqual([]);
    bridge.confirm();
    await bench.settle();
    expect(acknowledged()).toEqual(['1']);
  });

  it('is not waited for by a server that closes: the store takes what it has not confirmed', async () => {
    const { bridge, bench, store, send, acknowledged } = await openOutbox();
    store.close = async () => {};
    bridge.hold();
    await send('bob', '1', '2');
    const closed = bench.server.close({ drainMs: 500 });
    await bench.advance(500);
    expect(acknowledged()).toEqual(['1', '2']);
    await closed;
    expect(await store.waiting('bob')).toEqual(['1', '2']);
    expect(await store.waiting(OUTBOX)).toHaveLength(2);
  });
});
