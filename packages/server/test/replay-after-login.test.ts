import { describe, expect, it } from 'vitest';
import { type Bench, openBench, START_TIME } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import type { Peer } from './support/peer-transport.js';
import { acknowledgement, login, message, plainMessage, toBody, wire } from './support/wire.js';

/** Has alice send bob so many messages, `fp-1` and so on. Returns her session. */
async function aliceSends(bench: Bench, count: number): Promise<Peer> {
  const alice = await bench.online('alice');
  for (let i = 1; i <= count; i++) alice.write(message('alice', 'bob', `text ${i}`, `fp-${i}`));
  await bench.settle();
  return alice;
}

function fingerprints(peer: Peer): (string | undefined)[] {
  return peer.received.filter(({ type }) => type === 2).map(({ fp }) => fp);
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `fp-${from + index}`);
}

describe('what the store holds for a user', () => {
  it('is replayed after the login response, in order, as the bytes that were sent', async () => {
    const bench = await openBench({ store: new ControlledStore() });
    const texts = [
      wire({ type: 2, dataContent: '一', from: 'alice', to: 'bob', fp: 'fp-1', QoS: true, typeu: 7 }),
      wire({ type: 2, dataContent: 'a<b', from: 'alice', to: 'bob', fp: 'fp-2', QoS: true }),
    ];
    (await bench.online('alice')).write(...texts);
    await bench.settle();
    const bob = bench.connect();
    bob.write(login('bob'));
    await bench.settle();
    expect(bob.received[0]).toMatchObject({ type: 50 });
    expect(bob.frames.slice(1)).toEqual(texts.map(toBody));
    expect(bench.metric('messagesReplayed')).toBe(2);
  });

  it('is removed from the store with each acknowledgement, and its sender gets nothing more', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await aliceSends(bench, 3);
    alice.takeReceived();
    const bob = await bench.online('bob');
    bob.write(acknowledgement('bob', 'alice', 'fp-2'));
    await bench.settle();
    expect(await store.waiting('bob')).toEqual(['fp-1', 'fp-3']);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'), acknowledgement('bob', 'alice', 'fp-3'));
    await bench.advance(25);
    expect(await store.waiting('bob')).toEqual([]);
    expect(alice.received).toEqual([]);
    expect(bench.events.delivered.map(({ fingerprint }) => fingerprint)).toEqual(['fp-2', 'fp-1', 'fp-3']);
    expect(bench.metric('messagesInFlight')).toBe(0);
  });

  it('is confirmed to the store only by its receiver', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    await aliceSends(bench, 1);
    await bench.online('bob');
    const mallory = await bench.online('mallory');
    mallory.write(acknowledgement('mallory', 'alice', 'fp-1'));
    await bench.settle();
    expect(await store.waiting('bob')).toEqual(['fp-1']);
  });

  it('is replayed 16 messages at a time, and one more with each acknowledgement', async () => {
    const bench = await openBench({ store: new ControlledStore() });
    await aliceSends(bench, 40);
    const bob = await bench.online('bob');
    expect(fingerprints(bob)).toEqual(numbered(1, 16));
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.settle();
    expect(fingerprints(bob)).toEqual(numbered(1, 17));
    for (let i = 2; i <= 40; i++) {
      bob.write(acknowledgement('bob', 'alice', `fp-${i}`));
      await bench.settle();
    }
    expect(fingerprints(bob)).toEqual(numbered(1, 40));
  });

  it('is never read twice for one session', async () => {
    const bench = await openBench({ store: new ControlledStore() });
    await aliceSends(bench, 20);
    const bob = await bench.online('bob');
    for (let i = 16; i >= 1; i--) {
      bob.write(acknowledgement('bob', 'alice', `fp-${i}`));
      await bench.settle();
    }
    expect(fingerprints(bob)).toEqual(numbered(1, 20));
  });

  it('is written before messages that are sent during the replay', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await aliceSends(bench, 18);
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'newer', 'fp-19'));
    await bench.settle();
    expect(fingerprints(bob)).toEqual(numbered(1, 16));
    expect(alice.received.at(-1)).toMatchObject({ type: 4, dataContent: 'fp-19' });
    for (let i = 1; i <= 19; i++) {
      bob.write(acknowledgement('bob', 'alice', `fp-${i}`));
      await bench.settle();
    }
    expect(fingerprints(bob)).toEqual(numbered(1, 19));
    await bench.advance(25);
    expect(await store.waiting('bob')).toEqual([]);
  });

  it('is written before messages that are sent while the store is being read', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await aliceSends(bench, 2);
    store.hold('take');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'newer', 'fp-3'));
    await bench.settle();
    expect(fingerprints(bob)).toEqual([]);
    store.release('take');
    await bench.settle();
    expect(fingerprints(bob)).toEqual(numbered(1, 3));
  });

  it('is written before messages that are sent while an append of an older one is pending', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    store.hold('append');
    const alice = await aliceSends(bench, 1);
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'newer', 'fp-2'));
    await bench.settle();
    expect(fingerprints(bob)).toEqual([]);
    store.release('append');
    await bench.settle();
    expect(fingerprints(bob)).toEqual(numbered(1, 2));
  });

  it('delays neither messages without QoS nor other users', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await aliceSends(bench, 40);
    const bob = await bench.online('bob');
    const carol = await bench.online('carol');
    bob.takeReceived();
    alice.write(plainMessage('alice', 'bob', 'now'), message('alice', 'carol', 'hi', 'fp-99'));
    expect(bob.received).toMatchObject([{ dataContent: 'now' }]);
    expect(carol.received).toMatchObject([{ dataContent: 'hi' }]);
  });

  it('is followed by live messages when everything is replayed', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await aliceSends(bench, 3);
    const bob = await bench.online('bob');
    const { append } = store.calls;
    alice.write(message('alice', 'bob', 'live', 'fp-4'));
    expect(fingerprints(bob)).toEqual(numbered(1, 4));
    expect(store.calls.append).toBe(append);
  });

  it('is written again every 5 s until it is acknowledged', async () => {
    const bench = await openBench({ store: new ControlledStore() });
    await aliceSends(bench, 1);
    const bob = await bench.online('bob');
    await bench.advance(10_000);
    expect(fingerprints(bob)).toEqual(['fp-1', 'fp-1', 'fp-1']);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.advance(10_000);
    expect(fingerprints(bob)).toHaveLength(3);
  });

  it('is replayed to the next session if it was not acknowledged on the last', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    await aliceSends(bench, 3);
    const bob = await bench.online('bob');
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    bob.leave();
    await bench.settle();
    const back = await bench.online('bob');
    expect(fingerprints(back)).toEqual(['fp-2', 'fp-3']);
    expect(await store.waiting('bob')).toEqual(['fp-2', 'fp-3']);
    expect(bench.metric('messagesInFlight')).toBe(2);
  });

  it('is not written to a session that has ended while the store was being read', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    await aliceSends(bench, 2);
    store.hold('take');
    const bob = await bench.online('bob');
    bob.leave();
    await bench.settle();
    const back = await bench.online('bob');
    store.release('take');
    await bench.settle();
    expect(fingerprints(bob)).toEqual([]);
    expect(fingerprints(back)).toEqual(numbered(1, 2));
    expect(bench.metric('messagesInFlight')).toBe(2);
  });

  it('is not replayed again while its confirmation is pending', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    await aliceSends(bench, 2);
    store.hold('confirm');
    const bob = await bench.online('bob');
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.settle();
    const elsewhere = await bench.online('bob', 'websocket');
    expect(fingerprints(elsewhere)).toEqual(['fp-2']);
    store.release('confirm');
    await bench.settle();
    expect(await store.waiting('bob')).toEqual(['fp-2']);
  });

  it('is replayed by a server that was restarted', async () => {
    const store = new ControlledStore();
    await aliceSends(await openBench({ store }), 2);
    const bench = await openBench({ store });
    const bob = await bench.online('bob');
    expect(fingerprints(bob)).toEqual(numbered(1, 2));
    expect(bob.received[0]).toMatchObject({ from: 'alice', to: 'bob', dataContent: 'text 1' });
  });

  it('is acknowledged again to a sender who repeats it after a restart of the server', async () => {
    const store = new ControlledStore();
    await aliceSends(await openBench({ store }), 1);
    const bench = await openBench({ store });
    const bob = await bench.online('bob');
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'text 1', 'fp-1'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    expect(bench.events.undelivered).toEqual([]);
    expect(fingerprints(bob)).toEqual(['fp-1']);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.settle();
    expect(await store.waiting('bob')).toEqual([]);
  });

  it('keeps senders with the same fingerprint apart', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    (await bench.online('alice')).write(message('alice', 'bob', 'from alice', 'fp-1'));
    (await bench.online('carol')).write(message('carol', 'bob', 'from carol', 'fp-1'));
    await bench.settle();
    const bob = await bench.online('bob');
    expect(bob.received.map(({ dataContent }) => dataContent)).toEqual(['from alice', 'from carol']);
    bob.write(acknowledgement('bob', 'carol', 'fp-1'));
    await bench.settle();
    expect(await store.count('bob')).toMatchObject({ messages: 1 });
    expect((await store.take('bob', 0, 1)).entries[0]?.from).toBe('alice');
  });
});

describe('a stored message that is too long for the session', () => {
  it('waits while later messages are delivered, and is replayed to a session that can take it', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    alice.write(
      message('alice', 'bob', 'one', 'fp-1'),
      message('alice', 'bob', 'x'.repeat(2000), 'fp-2'),
      message('alice', 'bob', 'three', 'fp-3'),
    );
    await bench.settle();
    const bob = await bench.online('bob', 'udp');
    expect(fingerprints(bob)).toEqual(['fp-1', 'fp-3']);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'), acknowledgement('bob', 'alice', 'fp-3'));
    await bench.settle();
    expect(await store.waiting('bob')).toEqual(['fp-2']);
    const back = await bench.online('bob', 'tcp');
    expect(fingerprints(back)).toEqual(['fp-2']);
  });

  it('is acknowledged to its sender although the receiver is online and cannot take it', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob', 'udp');
    alice.write(message('alice', 'bob', 'x'.repeat(2000), 'fp-1'), message('alice', 'bob', 'short', 'fp-2'));
    await bench.settle();
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    expect(fingerprints(bob)).toEqual(['fp-2']);
    expect(bench.metric('messagesTooLarge')).toBeGreaterThan(0);
  });

  it('does not delay later messages', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob', 'udp');
    alice.write(message('alice', 'bob', 'x'.repeat(2000), 'fp-1'));
    await bench.settle();
    const { append } = store.calls;
    alice.write(message('alice', 'bob', 'short', 'fp-2'));
    expect(fingerprints(bob)).toEqual(['fp-2']);
    expect(store.calls.append).toBe(append);
  });
});

describe('the store and a client that reconnects', () => {
  it('replays what was in flight to the old session to the new one, once', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    await bench.online('bob');
    alice.write(message('alice', 'bob', 'one', 'fp-1'), message('alice', 'bob', 'two', 'fp-2'));
    const back = await bench.online('bob', 'tcp', { firstLoginTime: START_TIME });
    await bench.advance(4999);
    expect(fingerprints(back)).toEqual(numbered(1, 2));
    expect(alice.received.map(({ dataContent }) => dataContent)).toEqual(numbered(1, 2));
  });
});
