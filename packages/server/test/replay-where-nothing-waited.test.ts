import { describe, expect, it } from 'vitest';
import { openBench } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { acknowledgement, keepAlive, message } from './support/wire.js';

const fingerprints = (received: readonly { type: number; fp?: string | undefined }[]) =>
  received.flatMap(({ type, fp }) => (type === 2 ? [fp] : []));

describe('a user for whom isEmptyFor returns true', () => {
  it('logs in without a read of the store', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    await bench.online('bob');
    expect(store.calls.take).toBe(0);
    store.knowsWhatIsEmpty = false;
    await bench.online('carol');
    expect(store.calls.take).toBe(1);
  });

  it('gets what was stored before the login, and then what was sent after it', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    store.hold('append');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'still there?', 'fp-2'));
    expect(fingerprints(bob.received)).toEqual([]);
    store.release('append');
    await bench.settle();
    expect(fingerprints(bob.received)).toEqual(['fp-1', 'fp-2']);
  });

  it('gets again what it has not acknowledged, the oldest first', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const [alice, bob] = [await bench.online('alice'), await bench.online('bob')];
    for (let i = 1; i <= 20; i++) alice.write(message('alice', 'bob', 'hello', `fp-${i}`));
    for (let i = 0; i < 3; i++) {
      await bench.advance(5000);
      alice.write(keepAlive('alice'));
      bob.write(keepAlive('bob'));
    }
    expect(bench.metric('messagesInFlight')).toBe(16);
    bob.takeReceived();
    for (let i = 1; i <= 20; i++) bob.write(acknowledgement('bob', 'alice', `fp-${i}`));
    await bench.settle();
    for (let i = 17; i <= 20; i++) bob.write(acknowledgement('bob', 'alice', `fp-${i}`));
    await bench.advance(30);
    expect(fingerprints(bob.received)).toEqual(['fp-17', 'fp-18', 'fp-19', 'fp-20']);
    expect(await store.waiting('bob')).toEqual([]);
  });

  it('logs in and gets what waits although isEmptyFor throws', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    await bench.settle();
    store.isEmptyFor = () => {
      throw new Error('connection lost');
    };
    const bob = await bench.online('bob');
    expect(fingerprints(bob.received)).toEqual(['fp-1']);
    expect(bench.events.online.map(({ userId }) => userId)).toEqual(['alice', 'bob']);
    expect(bench.events.error).toMatchObject([{ message: 'connection lost' }]);
    expect(bench.metric('storeFailures')).toBe(1);
  });
});
