import { describe, expect, it } from 'vitest';
import { StoreError } from '../src/errors.js';
import { openBench, START_TIME } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { acknowledgement, message } from './support/wire.js';

const broken = new StoreError('ERR_STORE_FAILED', 'connection refused');

/** A store in which this message waits for bob. */
async function storeWith(fingerprint: string): Promise<ControlledStore> {
  const store = new ControlledStore();
  store.knowsWhatIsEmpty = false;
  await store.append([
    {
      to: 'bob',
      from: 'alice',
      fingerprint,
      body: message('alice', 'bob', 'old', fingerprint),
      acceptedAt: START_TIME,
    },
  ]);
  return store;
}

describe('a user who logs in while the store does not answer', () => {
  it('gets live messages after two seconds, in order, and what the store has when it answers', async () => {
    const store = await storeWith('fp-old');
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    store.hold('take');
    store.hold('append');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'one', 'fp-1'));
    await bench.advance(1500);
    alice.write(message('alice', 'bob', 'two', 'fp-2'));
    await bench.advance(499);
    expect(bob.received).toEqual([]);
    expect(bench.events.replayDelayed).toEqual([]);
    await bench.advance(1);
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-1', 'fp-2']);
    expect(bench.events.replayDelayed).toEqual([{ userId: 'bob', waitedMs: 2000 }]);
    expect(bench.metric('replaysDelayed')).toBe(1);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'), acknowledgement('bob', 'alice', 'fp-2'));
    alice.write(message('alice', 'bob', 'three', 'fp-3'));
    await bench.settle();
    bob.write(acknowledgement('bob', 'alice', 'fp-3'));
    await bench.settle();
    expect(alice.received.map(({ dataContent }) => dataContent)).toEqual(['fp-1', 'fp-2', 'fp-3']);
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-1', 'fp-2', 'fp-3']);

    store.release('take');
    store.release('append');
    await bench.settle();
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-1', 'fp-2', 'fp-3', 'fp-old']);
    expect(bench.events.undelivered).toEqual([]);
  });

  it('makes the server read once, and use the answer whenever it comes', async () => {
    const store = await storeWith('fp-old');
    const bench = await openBench({ store });
    store.hold('take');
    const bob = await bench.online('bob');
    await bench.advance(19_000);
    expect(store.calls.take).toBe(1);
    expect(bench.events.error).toMatchObject([{ code: 'ERR_STORE_TIMED_OUT' }]);
    expect(bench.metric('storeTimeouts')).toBe(1);
    store.release('take');
    await bench.settle();
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-old']);
  });

  it('is read for again when a read that was given up has failed', async () => {
    const store = await storeWith('fp-old');
    const bench = await openBench({ store });
    store.hold('take');
    store.failures.take = broken;
    const bob = await bench.online('bob');
    await bench.advance(12_000);
    store.release('take');
    await bench.settle();
    store.failures.take = undefined;
    await bench.advance(1000);
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-old']);
  });

  it('gets live messages when every call fails', async () => {
    const store = await storeWith('fp-old');
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    store.failures.take = broken;
    store.failures.append = broken;
    const bob = await bench.online('bob');
    await bench.advance(2000);
    alice.write(message('alice', 'bob', 'live', 'fp-1'));
    await bench.settle();
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-1']);
    expect(bench.events.replayDelayed).toHaveLength(1);

    store.failures.take = undefined;
    await bench.advance(1000);
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-1', 'fp-old']);
  });

  it('gets new messages behind the stored ones again as soon as the store can be read', async () => {
    const store = await storeWith('fp-old');
    for (let i = 0; i < 20; i++)
      await store.append([
        {
          to: 'bob',
          from: 'alice',
          fingerprint: `fp-old-${i}`,
          body: message('alice', 'bob', 'old', `fp-old-${i}`),
          acceptedAt: START_TIME,
        },
      ]);
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    store.failures.take = broken;
    const bob = await bench.online('bob');
    await bench.advance(2500);
    store.failures.take = undefined;
    await bench.advance(1000);
    expect(bob.received).toHaveLength(16);
    alice.write(message('alice', 'bob', 'new', 'fp-new'));
    await bench.settle();
    for (let i = 0; i < 25; i++) {
      const next = bob.received[i]?.fp;
      if (next !== undefined) bob.write(acknowledgement('bob', 'alice', next));
      await bench.advance(50);
    }
    expect(bob.received.map(({ fp }) => fp)).toEqual([
      'fp-old',
      ...Array.from({ length: 20 }, (_, i) => `fp-old-${i}`),
      'fp-new',
    ]);
  });

  it('waits no longer than that for appends, where only writing to the store hangs', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const first = await bench.online('bob', 'tcp', { firstLoginTime: 7 });
    store.hold('append');
    alice.write(message('alice', 'bob', 'one', 'fp-1'));
    await bench.settle();
    first.leave();
    await bench.settle();
    const bob = await bench.online('bob', 'tcp', { firstLoginTime: 7 });
    alice.write(message('alice', 'bob', 'two', 'fp-2'));
    await bench.advance(1999);
    expect(bob.received).toEqual([]);
    await bench.advance(1);
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-2']);
    store.release('append');
    await bench.settle();
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-2', 'fp-1']);
  });
});

describe('a store that never answers', () => {
  it('is waited for ten seconds: senders are not acknowledged, and their next copy is a duplicate in the store', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    store.hold('append');
    alice.write(message('alice', 'bob', 'one', 'fp-1'));
    await bench.settle();
    alice.write(message('alice', 'bob', 'two', 'fp-2'));
    await bench.advance(9999);
    expect(bench.events.undelivered).toEqual([]);
    await bench.advance(1);
    expect(alice.received).toEqual([]);
    expect(bench.events.error).toMatchObject([{ code: 'ERR_STORE_TIMED_OUT' }]);
    expect(
      bench.events.undelivered.map(({ reason, message: { fingerprint } }) => [reason, fingerprint]),
    ).toEqual([
      ['store', 'fp-1'],
      ['store', 'fp-2'],
    ]);
    expect(bench.metric('storeTimeouts')).toBe(1);

    store.release('append');
    alice.write(message('alice', 'bob', 'one', 'fp-1'), message('alice', 'bob', 'two', 'fp-2'));
    await bench.settle();
    expect(alice.received.map(({ dataContent }) => dataContent)).toEqual(['fp-1', 'fp-2']);
    expect(await store.waiting('bob')).toEqual(['fp-1', 'fp-2']);
  });

  it('writes a message that it stored after all to its receiver', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    store.hold('append');
    alice.write(message('alice', 'bob', 'one', 'fp-1'));
    await bench.advance(10_000);
    const bob = await bench.online('bob');
    await bench.advance(3000);
    expect(bob.received).toEqual([]);
    store.release('append');
    await bench.settle();
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-1']);
  });

  it('confirms a message that it stored after all and that its receiver has already acknowledged', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    store.hold('append');
    alice.write(message('alice', 'bob', 'one', 'fp-1'), message('alice', 'bob', 'two', 'fp-2'));
    await bench.advance(5000);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.advance(6500);
    bob.write(acknowledgement('bob', 'alice', 'fp-2'));
    await bench.settle();
    expect(alice.received.map(({ dataContent }) => dataContent)).toEqual(['fp-1', 'fp-2']);
    const received = bob.received.length;
    store.release('append');
    await bench.advance(100);
    expect(await store.waiting('bob')).toEqual([]);
    expect(bob.received).toHaveLength(received);
  });

  it('confirms a message that it stored after all before its receiver acknowledges', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    store.hold('append');
    alice.write(message('alice', 'bob', 'one', 'fp-1'));
    while (bench.metric('storeTimeouts') === 0) await bench.advance(10);
    store.release('append');
    await bench.settle();
    expect(alice.received.map(({ dataContent }) => dataContent)).toEqual(['fp-1']);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await bench.advance(100);
    expect(await store.waiting('bob')).toEqual([]);
    expect(bench.metric('bytesUnderWay')).toBe(0);
    expect(alice.received).toHaveLength(1);
  });

  it('is not called any more while 64 calls are unanswered, until one is answered', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    store.hold('append');
    for (let i = 0; i < 70; i++) {
      void bench.server.send('bob', 'hello').catch(() => {});
      await bench.advance(10_000);
    }
    expect(store.calls.append).toBe(64);
    expect(bench.events.undelivered).toHaveLength(70);
    expect(bench.metric('storeTimeouts')).toBe(64);
    expect(bench.metric('storeFailures')).toBeGreaterThanOrEqual(70);
    expect(bench.metric('limitUnansweredStoreCalls')).toBeGreaterThanOrEqual(6);
    expect(bench.events.limited[0]).toMatchObject({ limit: 'unansweredStoreCalls', value: 64 });
    store.release('append');
    await bench.settle();
    expect(await bench.server.send('bob', 'hello')).toBe('stored');
  });

  it('is called on although it has thrown instead of rejecting', async () => {
    class ThrowingStore extends ControlledStore {
      throws = true;
      override append(...values: Parameters<ControlledStore['append']>) {
        if (this.throws) throw broken;
        return super.append(...values);
      }
    }
    const store = new ThrowingStore();
    const bench = await openBench({ store });
    for (let i = 0; i < 70; i++) {
      await expect(bench.server.send('bob', 'hello')).rejects.toThrow('failed to store');
      await bench.advance(10_000);
    }
    expect(bench.metric('storeTimeouts')).toBe(0);
    expect(bench.metric('bytesUnderWay')).toBe(0);
    store.throws = false;
    expect(await bench.server.send('bob', 'hello')).toBe('stored');
  });

  it('does not keep the server from closing', async () => {
    const store = new ControlledStore();
    const bench = await openBench({ store });
    const alice = await bench.online('alice');
    store.hold('append');
    alice.write(message('alice', 'bob', 'one', 'fp-1'));
    await bench.settle();
    const closed = bench.server.close({ drainMs: 0 });
    await bench.advance(10_000);
    await closed;
  });
});
