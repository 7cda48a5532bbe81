import { describe, expect, it } from 'vitest';
import { openBench } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import type { Peer } from './support/peer-transport.js';
import { acknowledgement, login, message } from './support/wire.js';

/** Bob is online, and all that he waits for is on its way to the store. */
async function openBeforeEnd(transport: 'tcp' | 'udp' = 'tcp') {
  const store = new ControlledStore();
  const bench = await openBench({ store });
  const alice = await bench.online('alice');
  store.hold('append');
  alice.write(message('alice', 'bob', 'text', 'fp-1'));
  const bob = await bench.online('bob', transport);
  const send = async (first: number, last: number): Promise<void> => {
    for (let i = first; i <= last; i++) alice.write(message('alice', 'bob', 'text', `fp-${i}`));
    await bench.settle();
  };
  return { store, bench, alice, bob, send };
}

function numbered(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `fp-${first + index}`);
}

/** Acknowledges what has come. Returns its fingerprints. */
function takeAll(bob: Peer): string[] {
  const fingerprints = bob.takeReceived().flatMap(({ type, fp }) => (type === 2 ? [fp ?? ''] : []));
  for (const fp of fingerprints) bob.write(acknowledgement('bob', 'alice', fp));
  return fingerprints;
}

describe('the end of a replay', () => {
  it('is reached while messages keep coming, and then nothing more is stored', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const append = store.append.bind(store);
    store.append = async (messages) => {
      await new Promise<void>((resolve) => bench.clock.schedule(bench.clock.now() + 4, resolve));
      return append(messages);
    };
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'text', 'fp-1'));
    const bob = bench.connect();
    bob.write(login('bob'));
    const came: string[] = [];
    for (let i = 2; i <= 200; i++) {
      alice.write(message('alice', 'bob', 'text', `fp-${i}`));
      await bench.advance(1);
      came.push(...takeAll(bob));
    }
    expect(came).toEqual(numbered(1, 200));
    expect(store.appended.flat().length).toBeLessThan(20);
  });

  it('is awaited by new messages in the tail queue, which are written after the last stored one', async () => {
    const { store, bench, bob, send } = await openBeforeEnd();
    await send(2, 3);
    expect(bob.received).toEqual([]);
    store.release('append');
    await bench.settle();
    expect(takeAll(bob)).toEqual(numbered(1, 3));
    expect(store.appended.flat().map(({ fingerprint }) => fingerprint)).toEqual(['fp-1']);
  });

  it('is not reached if the session ends: the tail queue is stored in order', async () => {
    const { store, bench, alice, bob, send } = await openBeforeEnd();
    await send(2, 3);
    bob.leave();
    store.release('append');
    await bench.settle();
    expect(await store.waiting('bob')).toEqual(numbered(1, 3));
    expect(alice.received.map(({ dataContent }) => dataContent)).toEqual(numbered(1, 3));
  });

  it('is awaited for two seconds: then the tail queue is written, and what the store has comes later', async () => {
    const { store, bench, bob, send } = await openBeforeEnd();
    await send(2, 3);
    await bench.advance(1000);
    await send(4, 4);
    await bench.advance(999);
    expect(takeAll(bob)).toEqual([]);
    await bench.advance(1);
    expect(takeAll(bob)).toEqual(numbered(2, 4));
    await send(5, 5);
    expect(takeAll(bob)).toEqual(numbered(5, 5));
    store.release('append');
    await bench.settle();
    expect(takeAll(bob)).toEqual(numbered(1, 1));
    expect(store.appended.flat().map(({ fingerprint }) => fingerprint)).toEqual(['fp-1']);
  });

  it('is not awaited if the tail queue is full: it is stored', async () => {
    const { store, bench, bob, send } = await openBeforeEnd();
    await send(2, 300);
    store.release('append');
    await bench.settle();
    expect(await store.waiting('bob')).toEqual(numbered(1, 300));
    const came: string[] = [];
    for (let turn = 0; turn < 40; turn++) {
      came.push(...takeAll(bob));
      await bench.settle();
    }
    expect(came).toEqual(numbered(1, 300));
  });

  it('is not awaited by a message that the session cannot take: the tail queue is stored before it', async () => {
    const { store, bench, alice, send } = await openBeforeEnd('udp');
    await send(2, 2);
    alice.write(message('alice', 'bob', 'x'.repeat(2000), 'fp-large'));
    await send(3, 3);
    store.release('append');
    await bench.settle();
    expect(await store.waiting('bob')).toEqual(['fp-1', 'fp-2', 'fp-large', 'fp-3']);
  });

  it('is not awaited when the server closes: the tail queue is stored', async () => {
    const { store, bench, alice, send } = await openBeforeEnd();
    await send(2, 3);
    const closed = bench.close(100);
    store.release('append');
    await closed;
    expect(store.closedWith['bob']).toEqual(numbered(1, 3));
    expect(alice.received.flatMap(({ type, dataContent }) => (type === 4 ? [dataContent] : []))).toEqual(
      numbered(1, 3),
    );
  });
});
