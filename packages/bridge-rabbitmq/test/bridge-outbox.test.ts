import { type BinaryString, decodeFrameBody } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import { ControlledStore } from '../../server/test/support/controlled-store.js';
import { acknowledgement, logout, message } from '../../server/test/support/wire.js';
import { openBench } from './support/bridge-bench.js';
import { LoopbackBroker } from './support/loopback-broker.js';

const down = new Error('no broker');
const POINTERS = '-1';

async function openOutbox(store = new ControlledStore()) {
  const broker = new LoopbackBroker();
  const bench = await openBench({ broker, store });
  const alice = await bench.online('alice');
  const send = async (to: string, ...fingerprints: readonly string[]) => {
    for (const fp of fingerprints) alice.write(message('alice', to, `text ${fp}`, fp));
    await bench.settle();
  };
  const acknowledged = () => alice.received.map(({ dataContent }) => dataContent);
  const published = () => broker.published.map(({ fp }) => fp);
  return { broker, bench, store, alice, send, acknowledged, published };
}

describe('messages while the broker is away, with a store', () => {
  it('are stored and acknowledged at once, and follow in their order when the broker is back', async () => {
    const { broker, bench, store, send, acknowledged, published } = await openOutbox();
    broker.lose(down);
    await send('bob', '1', '2', '3');
    expect(acknowledged()).toEqual(['1', '2', '3']);
    expect(await store.waiting('bob')).toEqual(['1', '2', '3']);
    expect(published()).toEqual([]);
    broker.join();
    await bench.settle();
    expect(published()).toEqual(['1', '2', '3']);
    expect(await store.waiting('bob')).toEqual([]);
    expect(await store.waiting(POINTERS)).toEqual([]);
    expect(bench.events.bridged.map(({ fingerprint }) => fingerprint)).toEqual(['1', '2', '3']);
    expect(bench.metric('messagesStored')).toBe(3);
    expect(bench.metric('messagesBridged')).toBe(3);
  });

  it('are stored at once also when the broker was lost while the store was read', async () => {
    const { broker, bench, store, send, acknowledged } = await openOutbox();
    broker.lose(down);
    store.hold('take');
    broker.join();
    await bench.settle();
    broker.lose(down);
    store.release('take');
    await bench.settle();
    await send('bob', '1');
    expect(acknowledged()).toEqual(['1']);
    expect(bench.events.bridgeFailed).toEqual([]);
  });

  it('are published as they would have been', async () => {
    const { broker, bench, send } = await openOutbox();
    await send('bob', '1');
    broker.lose(down);
    await send('bob', '2');
    broker.join();
    await bench.settle();
    const [direct, stored] = broker.published;
    expect(stored).toEqual({ ...direct, fp: '2', dataContent: 'text 2' });
  });

  it('keep newer ones behind them until they are with the broker', async () => {
    const { broker, bench, send, published } = await openOutbox();
    broker.lose(down);
    await send('bob', '1', '2');
    broker.hold();
    broker.join();
    await bench.settle();
    await send('bob', '3');
    await send('carol', '4');
    expect(published()).toEqual(['1', '2']);
    broker.confirm();
    await bench.settle();
    broker.confirm();
    await bench.settle();
    expect(published()).toEqual(['1', '2', '3', '4']);
  });

  it('are caught up with although new ones never cease, and those go straight to the broker again', async () => {
    const { broker, bench, alice, store, send, published } = await openOutbox();
    broker.lose(down);
    await send('bob', '0');
    broker.join();
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
    const { broker, bench, store, send, published } = await openOutbox();
    broker.lose(down);
    const fingerprints = Array.from({ length: 200 }, (_, index) => `${index}`);
    await send('bob', ...fingerprints);
    broker.hold();
    broker.join();
    await bench.settle();
    expect(published()).toEqual(fingerprints);
    broker.confirm();
    await bench.advance(100);
    expect(await store.waiting(POINTERS)).toEqual([]);
  });

  it('that the broker loses among several pages are all tried again', async () => {
    const { broker, bench, store, send, published } = await openOutbox();
    broker.lose(down);
    const fingerprints = Array.from({ length: 200 }, (_, index) => `${index}`);
    await send('bob', ...fingerprints);
    broker.hold();
    broker.join();
    await bench.settle();
    broker.lose(down);
    await bench.settle();
    broker.join();
    await bench.advance(100);
    expect(published()).toEqual([...fingerprints, ...fingerprints]);
    expect(await store.waiting(POINTERS)).toEqual([]);
  });

  it('are the user’s who comes online here meanwhile, and are not published', async () => {
    const { broker, bench, store, send, published } = await openOutbox();
    broker.lose(down);
    await send('bob', '1', '2');
    const bob = await bench.online('bob');
    expect(bob.received.map(({ fp }) => fp)).toEqual(['1', '2']);
    bob.write(acknowledgement('bob', 'alice', '1'));
    broker.join();
    await bench.settle();
    expect(published()).toEqual([]);
    bob.write(acknowledgement('bob', 'alice', '2'));
    await bench.advance(25);
    expect(await store.waiting('bob')).toEqual([]);
    expect(await store.waiting(POINTERS)).toEqual([]);
  });

  it('are not published when their user has acknowledged them, and left before the store knows', async () => {
    const { broker, bench, store, send, published } = await openOutbox();
    broker.lose(down);
    await send('bob', '1', '2');
    const bob = await bench.online('bob');
    store.hold('confirm');
    bob.write(acknowledgement('bob', 'alice', '1'));
    bob.write(acknowledgement('bob', 'alice', '2'));
    bob.write(logout('bob'));
    broker.join();
    await bench.settle();
    expect(bench.server.isOnline('bob')).toBe(false);
    expect(published()).toEqual([]);
  });

  it('come before new ones to the user who comes online here while their pointers are written', async () => {
    const { broker, bench, store, send } = await openOutbox();
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
    broker.lose(down);
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
    const { broker, bench, send } = await openOutbox();
    broker.lose(down);
    await send('bob', '1');
    broker.hold();
    broker.join();
    await bench.settle();
    const bob = await bench.online('bob');
    expect(bob.received).toEqual([]);
    broker.lose(down);
    await bench.settle();
    expect(bob.received.map(({ fp }) => fp)).toEqual(['1']);
  });

  it('are all published although the broker has yet to confirm one that was stored before them', async () => {
    const { broker, bench, store, send } = await openOutbox();
    broker.hold();
    await send('bob', 'unconfirmed');
    await bench.advance(500);
    const taken: BinaryString[] = [];
    broker.publish = () => Promise.reject(down);
    await send('bob', 'rejected');
    broker.publish = async ({ body }) => void taken.push(body);
    store.hold('append');
    await bench.advance(500);
    await send('bob', 'behind');
    await bench.advance(500);
    store.release('append');
    await bench.settle();
    broker.confirm();
    await bench.advance(100);
    expect(taken.map((body) => decodeFrameBody(body).fp)).toEqual(['rejected', 'behind']);
    expect(await store.waiting(POINTERS)).toEqual([]);
  });

  it('are published once each, also those that wait in the tail queue longer than a store may take', async () => {
    const { broker, bench, store, send, published, acknowledged } = await openOutbox();
    broker.lose(down);
    store.hold('append');
    await send('bob', 'writing');
    broker.join();
    await bench.settle();
    await send('bob', 'in the tail');
    await bench.advance(1000);
    store.release('append');
    await bench.advance(100);
    expect(acknowledged()).toEqual(['writing', 'in the tail']);
    expect(published()).toEqual(['writing', 'in the tail']);
    expect(await store.waiting(POINTERS)).toEqual([]);
  });

  it('survive the server, and are published by the next one', async () => {
    const store = new ControlledStore();
    const first = await openOutbox(store);
    first.broker.lose(down);
    await first.send('bob', '1', '2');
    store.close = async () => {};
    await first.bench.close(0);
    const broker = new LoopbackBroker();
    const second = await openBench({ broker, store });
    await second.settle();
    expect(broker.published.map(({ fp }) => fp)).toEqual(['1', '2']);
    expect(await store.waiting(POINTERS)).toEqual([]);
  });

  it('are tried again after a while when the broker rejects them', async () => {
    const { broker, bench, send, published } = await openOutbox();
    broker.failures.publish = down;
    await send('bob', '1');
    expect(published()).toEqual(['1']);
    broker.failures.publish = undefined;
    await bench.advance(1000);
    expect(published()).toEqual(['1', '1']);
    expect(bench.metric('bridgePending')).toBe(0);
  });

  it('are tried again at once when the broker that rejected them is lost and comes back', async () => {
    const { broker, bench, send, published } = await openOutbox();
    broker.failures.publish = down;
    await send('bob', '1');
    broker.lose(down);
    broker.join();
    await bench.settle();
    expect(published()).toEqual(['1', '1']);
  });

  it('are tried again when the store could not be read', async () => {
    const { broker, bench, store, send, published } = await openOutbox();
    broker.lose(down);
    await send('bob', '1');
    store.failures.take = new Error('disk');
    broker.join();
    await bench.settle();
    expect(bench.events.error).toMatchObject([{ message: 'disk' }]);
    store.failures.take = undefined;
    await bench.advance(1000);
    expect(published()).toEqual(['1']);
  });

  it('are not acknowledged when the store cannot take them', async () => {
    const { broker, store, bench, send, acknowledged } = await openOutbox();
    broker.lose(down);
    store.failures.append = new Error('disk full');
    await send('bob', '1');
    expect(acknowledged()).toEqual([]);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'store' }]);
    store.failures.append = undefined;
    await send('bob', '1');
    expect(acknowledged()).toEqual(['1']);
  });

  it('are reported when there is no room for them, and are not acknowledged', async () => {
    const { broker, bench, send, acknowledged } = await openOutbox(new ControlledStore({ maxPerUser: 1 }));
    broker.lose(down);
    await send('bob', '1', '2');
    expect(acknowledged()).toEqual(['1']);
    expect(bench.events.queueFull).toMatchObject([{ userId: 'bob', limit: 'maxPerUser' }]);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'queue-full' }]);
  });

  it('have pointers that no limit of a queue applies to', async () => {
    const { broker, bench, store, send, acknowledged } = await openOutbox(
      new ControlledStore({ maxPerUser: 1, whenFull: 'drop-oldest' }),
    );
    broker.lose(down);
    for (const user of ['bob', 'carol', 'dave']) await send(user, user);
    expect(acknowledged()).toEqual(['bob', 'carol', 'dave']);
    expect(await store.waiting(POINTERS)).toHaveLength(3);
    broker.join();
    await bench.settle();
    expect(broker.published.map(({ to }) => to)).toEqual(['bob', 'carol', 'dave']);
    expect(bench.events.displaced).toEqual([]);
  });

  it('expire like any other, and only they are reported', async () => {
    const store = new ControlledStore({ maxAgeMs: 5000 });
    const { broker, bench, send } = await openOutbox(store);
    broker.lose(down);
    await send('bob', '1');
    await bench.advance(600_000);
    expect(bench.events.expired).toMatchObject([{ message: { to: 'bob', fingerprint: '1' } }]);
    expect(bench.metric('messagesExpired')).toBe(1);
    expect(await store.waiting(POINTERS)).toEqual([]);
    expect(await store.deadLetters(0, 10)).toHaveLength(1);
  });

  it('without QoS wait in the bridge, as no store takes them', async () => {
    const { broker, bench } = await openOutbox();
    broker.hold();
    void bench.server.send('bob', 'hello', { qos: false });
    void bench.server.send('bob', 'hello');
    expect(broker.messages).toMatchObject([
      { mayWait: true, isRepeatable: false },
      { mayWait: false, isRepeatable: true },
    ]);
  });
});

describe('a broker that is slow to confirm, with a store', () => {
  it('has its messages stored after a while, so that their senders can be acknowledged', async () => {
    const { broker, bench, store, send, acknowledged } = await openOutbox();
    broker.hold();
    await send('bob', '1');
    await bench.advance(999);
    expect(acknowledged()).toEqual([]);
    await bench.advance(1);
    expect(acknowledged()).toEqual(['1']);
    expect(await store.waiting('bob')).toEqual(['1']);
    expect(bench.metric('bridgePending')).toBe(1);
  });

  it('is not given them a second time, and takes them out of the store when it confirms', async () => {
    const { broker, bench, store, send, acknowledged, published } = await openOutbox();
    broker.hold();
    await send('bob', '1');
    await bench.advance(3000);
    broker.confirm();
    await bench.settle();
    expect(published()).toEqual(['1']);
    expect(acknowledged()).toEqual(['1']);
    expect(await store.waiting('bob')).toEqual([]);
    expect(await store.waiting(POINTERS)).toEqual([]);
  });

  it('is given them again when it is lost before it has confirmed', async () => {
    const { broker, bench, store, send, published } = await openOutbox();
    broker.hold();
    await send('bob', '1', '2');
    await bench.advance(1000);
    await send('bob', '3');
    broker.lose(down);
    await bench.settle();
    expect(await store.waiting('bob')).toEqual(['1', '2', '3']);
    broker.join();
    await bench.settle();
    expect(published()).toEqual(['1', '2', '3', '1', '2', '3']);
    expect(await store.waiting('bob')).toEqual([]);
  });

  it('may confirm while the store is writing: the store then forgets the message', async () => {
    const { broker, bench, store, send, acknowledged } = await openOutbox();
    broker.hold();
    await send('bob', '1');
    store.hold('append');
    await bench.advance(1000);
    broker.confirm();
    await bench.settle();
    expect(acknowledged()).toEqual(['1']);
    store.release('append');
    await bench.settle();
    expect(acknowledged()).toEqual(['1']);
    expect(await store.waiting('bob')).toEqual([]);
    expect(await store.waiting(POINTERS)).toEqual([]);
  });

  it.each([
    ['the message', 1],
    ['its pointer', 2],
  ])('may confirm while the store fails to take %s: nothing is left to do', async (_name, failing) => {
    const { broker, bench, store, send, acknowledged } = await openOutbox();
    broker.hold();
    await send('bob', '1');
    const append = store.append.bind(store);
    let calls = 0;
    store.append = async (messages) => {
      calls += 1;
      if (calls !== failing) return append(messages);
      broker.confirm();
      await bench.settle();
      throw new Error('disk full');
    };
    await bench.advance(1100);
    expect(calls).toBe(failing);
    expect(acknowledged()).toEqual(['1']);
    expect(bench.events.undelivered).toEqual([]);
    expect(await store.waiting('bob')).toEqual([]);
  });

  it('is still waited for when the store does not take a message', async () => {
    const { broker, bench, store, send, acknowledged } = await openOutbox();
    broker.hold();
    store.failures.append = new Error('disk full');
    await send('bob', '1');
    await bench.advance(1000);
    expect(acknowledged()).toEqual([]);
    expect(bench.events.undelivered).toEqual([]);
    broker.confirm();
    await bench.settle();
    expect(acknowledged()).toEqual(['1']);
  });

  it('has a message that the store did not take given to the store again when it is lost', async () => {
    const { broker, bench, store, send, acknowledged } = await openOutbox();
    broker.hold();
    store.failures.append = new Error('disk full');
    await send('bob', '1');
    await bench.advance(1000);
    store.failures.append = undefined;
    broker.lose(down);
    await bench.settle();
    expect(acknowledged()).toEqual(['1']);
    expect(await store.waiting('bob')).toEqual(['1']);
    broker.join();
    await bench.advance(25);
    expect(await store.waiting('bob')).toEqual([]);
  });

  it('is not waited for by a server that closes: the store takes what it has not confirmed', async () => {
    const { broker, bench, store, send, acknowledged } = await openOutbox();
    store.close = async () => {};
    broker.hold();
    await send('bob', '1', '2');
    const closed = bench.server.close({ drainMs: 500 });
    await bench.advance(500);
    expect(acknowledged()).toEqual(['1', '2']);
    await closed;
    expect(await store.waiting('bob')).toEqual(['1', '2']);
    expect(await store.waiting(POINTERS)).toHaveLength(2);
  });
});
