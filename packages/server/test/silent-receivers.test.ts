import { describe, expect, it } from 'vitest';
import { bytesOf } from '../src/delivery/bytes-under-way.js';
import { REPLAY_WINDOW } from '../src/storage/replay.js';
import { MAX_STORED_IN_FLIGHT_BYTES } from '../src/users/inbox.js';
import { type Bench, openBench } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import type { Peer } from './support/peer-transport.js';
import { acknowledgement, keepAlive, message } from './support/wire.js';

const LONG = 'x'.repeat(1500);

/** How many messages like {@link LONG} the server keeps in flight for one session. */
const KEPT = Math.floor(MAX_STORED_IN_FLIGHT_BYTES / bytesOf(message('alice', 'bob', LONG, 'fp-1000')));

function fingerprints(peer: Peer): (string | undefined)[] {
  return peer.takeReceived().flatMap(({ type, fp }) => (type === 2 ? [fp] : []));
}

/** So much time passes, with keep-alives, so that nobody is taken for gone. */
async function advance(bench: Bench, ms: number, peers: Readonly<Record<string, Peer>>): Promise<void> {
  for (let left = ms; left > 0; left -= 5000) {
    await bench.advance(Math.min(5000, left));
    for (const [userId, peer] of Object.entries(peers)) peer.write(keepAlive(userId));
  }
}

async function aliceSends(bench: Bench, alice: Peer, count: number, content: string): Promise<void> {
  for (let i = 1; i <= count; i++) alice.write(message('alice', 'bob', content, `fp-${i}`));
  await bench.settle();
}

describe('a receiver that reads and never acknowledges, with a store', () => {
  it('keeps a limited part of the stored messages in memory', async () => {
    const bench = await openBench({ store: new ControlledStore() });
    const [alice, bob] = [await bench.online('alice'), await bench.online('bob')];
    await aliceSends(bench, alice, 2 * KEPT, LONG);
    expect(bench.metric('messagesInFlight')).toBe(2 * KEPT);
    await advance(bench, 1000, { alice, bob });
    expect(bench.metric('messagesStored')).toBe(2 * KEPT);
    expect(bench.metric('messagesInFlight')).toBe(KEPT);
  });

  it('gets only the oldest messages again every 5 s', async () => {
    const bench = await openBench({ store: new ControlledStore() });
    const [alice, bob] = [await bench.online('alice'), await bench.online('bob')];
    await aliceSends(bench, alice, 100, 'hello');
    await advance(bench, 6000, { alice, bob });
    expect(fingerprints(bob)).toHaveLength(200);
    await advance(bench, 5000, { alice, bob });
    expect(bench.metric('messagesInFlight')).toBe(REPLAY_WINDOW);
    fingerprints(bob);
    await advance(bench, 5000, { alice, bob });
    expect(fingerprints(bob)).toEqual(Array.from({ length: REPLAY_WINDOW }, (_, i) => `fp-${i + 1}`));
  });

  it('gets further copies ever more rarely over UDP, whose addresses may be forged', async () => {
    const bench = await openBench({ store: new ControlledStore() });
    const [alice, bob] = [await bench.online('alice'), await bench.online('bob', 'udp')];
    await aliceSends(bench, alice, 1, 'hello');
    const copiesAt: number[] = [];
    for (let seconds = 0; seconds <= 240; seconds++) {
      if (seconds % 5 === 0)
        for (const peer of [alice, bob]) peer.write(keepAlive(peer === bob ? 'bob' : 'alice'));
      if (fingerprints(bob).includes('fp-1')) copiesAt.push(seconds);
      await bench.advance(1000);
    }
    expect(copiesAt).toEqual([0, 6, 11, 21, 41, 81, 141, 201]);
  });

  it('gets the others after 5 s once it acknowledges one over UDP', async () => {
    const bench = await openBench({ store: new ControlledStore() });
    const [alice, bob] = [await bench.online('alice'), await bench.online('bob', 'udp')];
    await aliceSends(bench, alice, 2, 'hello');
    await advance(bench, 90_000, { alice, bob });
    fingerprints(bob);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await advance(bench, 5000, { alice, bob });
    expect(fingerprints(bob)).toEqual(['fp-2']);
  });

  it('gets everything in order once it acknowledges, and then live messages again', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const [alice, bob] = [await bench.online('alice'), await bench.online('bob')];
    await aliceSends(bench, alice, 100, 'hello');
    await advance(bench, 20_000, { alice, bob });
    fingerprints(bob);
    const seen: (string | undefined)[] = [];
    for (let i = 1; i <= REPLAY_WINDOW; i++) bob.write(acknowledgement('bob', 'alice', `fp-${i}`));
    for (let round = 0; round < 100; round++) {
      await bench.settle();
      for (const fp of fingerprints(bob)) {
        seen.push(fp);
        bob.write(acknowledgement('bob', 'alice', fp ?? ''));
      }
    }
    expect(seen).toEqual(Array.from({ length: 84 }, (_, i) => `fp-${i + 17}`));
    await bench.advance(25);
    expect(await store.waiting('bob')).toEqual([]);
    const { append } = store.calls;
    alice.write(message('alice', 'bob', 'live', 'fp-live'));
    expect(fingerprints(bob)).toEqual(['fp-live']);
    expect(store.calls.append).toBe(append);
  });

  it('gets new messages after those that are only in the store', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const [alice, bob] = [await bench.online('alice'), await bench.online('bob')];
    await aliceSends(bench, alice, 20, 'hello');
    await advance(bench, 12_000, { alice, bob });
    fingerprints(bob);
    alice.write(message('alice', 'bob', 'new', 'fp-21'));
    await bench.settle();
    expect(fingerprints(bob)).toEqual([]);
    expect((await store.waiting('bob')).at(-1)).toBe('fp-21');
    for (let i = 1; i <= 16; i++) bob.write(acknowledgement('bob', 'alice', `fp-${i}`));
    await bench.settle();
    expect(fingerprints(bob)).toEqual(['fp-17', 'fp-18', 'fp-19', 'fp-20', 'fp-21']);
  });

  it('does not make the server store a rejected message again before the next copy', async () => {
    const store = new ControlledStore();
    store.failures.append = new Error('disk full');
    const bench = await openBench({ store });
    const [alice, bob] = [await bench.online('alice'), await bench.online('bob', 'udp')];
    await aliceSends(bench, alice, 5, 'hello');
    await bench.advance(1000);
    expect(store.appended.flat()).toHaveLength(5);
    alice.write(message('alice', 'bob', LONG, 'fp-long'));
    await bench.settle();
    expect(store.appended.flat()).toHaveLength(6);
    await advance(bench, 5000, { alice, bob });
    expect(store.appended.flat()).toHaveLength(11);
  });
});
