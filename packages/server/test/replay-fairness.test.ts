import { describe, expect, it } from 'vitest';
import { MAX_PAGE, REPLAY_WINDOW } from '../src/storage/replay.js';
import { openBench, START_TIME } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { acknowledgement, message, toBody } from './support/wire.js';

const WAITING = 100_000;

/** A bench where a hundred thousand messages wait for bob. */
async function openWithFullQueue() {
  const store = new ControlledStore({ maxPerUser: WAITING, wallTime: () => START_TIME });
  await store.append(
    Array.from({ length: WAITING }, (_, i) => ({
      to: 'bob',
      from: 'alice',
      fingerprint: `fp-${i}`,
      body: toBody(message('alice', 'bob', 'old', `fp-${i}`)),
      acceptedAt: START_TIME,
    })),
  );
  const limits: number[] = [];
  const take = store.take.bind(store);
  store.take = (userId, after, limit) => {
    if (userId === 'bob') limits.push(limit);
    return take(userId, after, limit);
  };
  const bench = await openBench({ store });
  const [alice, carol] = [await bench.online('alice'), await bench.online('carol')];
  return { bench, store, alice, carol, limits };
}

describe('a replay of a hundred thousand messages', () => {
  it('reads and writes a little at a time, however fast it is acknowledged', async () => {
    const { bench, limits } = await openWithFullQueue();
    const bob = await bench.online('bob');
    for (let round = 0; round < 100; round++) {
      const written = bob.takeReceived();
      expect(written).toHaveLength(REPLAY_WINDOW);
      const reads = limits.length;
      bob.write(...written.map(({ fp }) => acknowledgement('bob', 'alice', fp ?? '')));
      await bench.settle();
      expect(limits.length - reads).toBeLessThanOrEqual(1);
    }
    expect(bench.metric('messagesDelivered')).toBe(100 * REPLAY_WINDOW);
    expect(Math.max(...limits)).toBe(MAX_PAGE);
    expect(limits.length).toBeLessThan((100 * REPLAY_WINDOW) / MAX_PAGE + 10);
  });

  it('does not delay messages to other users, which do not use the store', async () => {
    const { bench, store, alice, carol } = await openWithFullQueue();
    const bob = await bench.online('bob');
    const { append } = store.calls;
    for (let i = 0; i < 50; i++) {
      const written = bob.takeReceived();
      bob.write(...written.map(({ fp }) => acknowledgement('bob', 'alice', fp ?? '')));
      alice.write(message('alice', 'carol', 'live', `live-${i}`));
      expect(carol.takeReceived()).toMatchObject([{ fp: `live-${i}` }]);
      carol.write(acknowledgement('carol', 'alice', `live-${i}`));
      expect(alice.takeReceived()).toMatchObject([{ type: 4, dataContent: `live-${i}` }]);
      await bench.settle();
    }
    expect(store.calls.append).toBe(append);
  });

  it('keeps at most a window and a page in memory for a receiver who never acknowledges', async () => {
    const { bench, limits } = await openWithFullQueue();
    await bench.online('bob');
    await bench.advance(9000);
    expect(limits).toEqual([REPLAY_WINDOW, 2 * REPLAY_WINDOW]);
    expect(bench.metric('messagesInFlight')).toBe(REPLAY_WINDOW);
  });
});
