import { describe, expect, it } from 'vitest';
import type { MemoryStoreOptions } from '../src/store-memory/memory-store.js';
import { openBench, START_TIME } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { acknowledgement, message } from './support/wire.js';

async function open(retention: MemoryStoreOptions) {
  const store = new ControlledStore({ wallTime: () => START_TIME, ...retention });
  const bench = await openBench({ store });
  return { store, bench, alice: await bench.online('alice', 'tcp') };
}

function toBob(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) =>
    message('alice', 'bob', `text ${from + i}`, `fp-${from + i}`),
  );
}

const MINUTE_MS = 60_000;

/** How long a server does not believe its clock after it has started. */
const BELIEVED_AFTER_MS = 5 * MINUTE_MS;

describe('a message that waits too long', () => {
  it('becomes a dead letter, which is reported, and is not replayed', async () => {
    const { store, bench, alice } = await open({ maxAgeMs: 30_000 });
    alice.write(...toBob(1, 2));
    await bench.settle();
    await bench.advance(BELIEVED_AFTER_MS);
    const [deadLetter] = bench.events.expired;
    expect(deadLetter).toMatchObject({
      cause: 'expired',
      acceptedAt: START_TIME,
      message: { from: 'alice', to: 'bob', content: 'text 1', fingerprint: 'fp-1' },
    });
    expect(bench.metric('messagesExpired')).toBe(2);
    expect(await store.waiting('bob')).toEqual([]);
    const bob = await bench.online('bob');
    expect(bob.received).toEqual([]);
  });

  it('is expired five minutes after the server has started, page after page, and then every minute', async () => {
    const { store, bench } = await open({ maxAgeMs: 30_000, maxPerUser: 2000 });
    const old = Array.from({ length: 1001 }, (_, i) => ({
      to: 'bob',
      from: 'alice',
      fingerprint: `fp-${i}`,
      body: 'body',
      acceptedAt: START_TIME - 40_000,
    }));
    await store.append(old);
    await bench.advance(BELIEVED_AFTER_MS - 1);
    expect(store.calls.expire).toBe(0);
    await bench.advance(1);
    expect(bench.metric('messagesExpired')).toBe(500);
    await bench.advance(200);
    expect(bench.metric('messagesExpired')).toBe(1001);
    expect(store.calls.expire).toBe(3);
    await bench.advance(MINUTE_MS);
    expect(store.calls.expire).toBe(4);
  });

  it('is expired later if the store failed, which is reported', async () => {
    const { store, bench } = await open({});
    store.failures.expire = new Error('disk gone');
    await bench.advance(BELIEVED_AFTER_MS);
    expect(bench.events.error).toMatchObject([{ message: 'disk gone' }]);
    expect(bench.metric('storeFailures')).toBe(1);
    store.failures.expire = undefined;
    await bench.advance(MINUTE_MS);
    expect(store.calls.expire).toBe(2);
    expect(bench.events.error).toHaveLength(1);
  });

  it('is not expired once the server is closing, which waits for the store', async () => {
    const { store, bench } = await open({});
    store.hold('expire');
    await bench.advance(BELIEVED_AFTER_MS);
    const state = { isClosed: false };
    void bench.server.close({ drainMs: 0 }).then(() => {
      state.isClosed = true;
    });
    await bench.settle();
    expect(state.isClosed).toBe(false);
    store.release('expire');
    await bench.settle();
    expect(state.isClosed).toBe(true);
    expect(store.calls.close).toBe(1);
    expect(bench.clock.pendingRuns()).toEqual([]);
  });

  it('is not expired by a clock that is 40 days ahead for a minute, which is reported', async () => {
    const { store, bench, alice } = await open({});
    alice.write(...toBob(1, 2));
    await bench.advance(BELIEVED_AFTER_MS);
    bench.clock.stepWallTime(40 * 86_400_000);
    await bench.advance(MINUTE_MS);
    bench.clock.stepWallTime(-40 * 86_400_000);
    await bench.advance(10 * MINUTE_MS);
    expect(bench.events.expired).toEqual([]);
    expect(await store.waiting('bob')).toEqual(['fp-1', 'fp-2']);
    expect(bench.events.clockJumped).toEqual([{ aheadMs: 40 * 86_400_000 }]);
    expect(bench.metric('clockJumps')).toBe(1);
  });

  it('is expired when a clock has been ahead for an hour, as after a machine was suspended', async () => {
    const { bench, alice } = await open({});
    alice.write(...toBob(1, 2));
    await bench.advance(BELIEVED_AFTER_MS);
    bench.clock.stepWallTime(40 * 86_400_000);
    await bench.advance(60 * MINUTE_MS);
    expect(bench.events.expired).toEqual([]);
    await bench.advance(MINUTE_MS);
    expect(bench.events.expired).toHaveLength(2);
  });
});

describe('a queue that is full', () => {
  it('rejects the newest: its sender is not acknowledged, and the limit is reported', async () => {
    const { bench, alice } = await open({ maxPerUser: 2 });
    alice.write(...toBob(1, 3));
    await bench.settle();
    expect(alice.received.map(({ dataContent }) => dataContent)).toEqual(['fp-1', 'fp-2']);
    expect(bench.events.queueFull).toMatchObject([
      { userId: 'bob', limit: 'maxPerUser', message: { fingerprint: 'fp-3' } },
    ]);
    expect(bench.events.undelivered).toMatchObject([{ reason: 'queue-full' }]);
    expect(bench.metric('limitQueue')).toBe(1);
  });

  it('accepts the copy of what it rejected once there is room', async () => {
    const { store, bench, alice } = await open({ maxPerUser: 1 });
    alice.write(...toBob(1, 2));
    await bench.settle();
    const bob = await bench.online('bob');
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    bob.leave();
    await bench.settle();
    alice.write(...toBob(2, 2));
    await bench.settle();
    expect(await store.waiting('bob')).toEqual(['fp-2']);
    expect(alice.received.map(({ dataContent }) => dataContent)).toEqual(['fp-1', 'fp-2']);
  });

  it('reports dead letters that are deleted because there are too many', async () => {
    const { bench, alice } = await open({ maxPerUser: 1, whenFull: 'drop-oldest', maxDeadLetters: 1 });
    alice.write(...toBob(1, 3));
    await bench.settle();
    expect(bench.events.deadLetterDeleted).toMatchObject([
      { cause: 'displaced', message: { fingerprint: 'fp-1', to: 'bob', content: 'text 1' } },
    ]);
    expect(bench.metric('limitDeadLetters')).toBe(1);
  });

  it('turns the oldest into a dead letter with drop-oldest', async () => {
    const { store, bench, alice } = await open({ maxPerUser: 2, whenFull: 'drop-oldest' });
    alice.write(...toBob(1, 3));
    await bench.settle();
    expect(alice.received).toHaveLength(3);
    expect(await store.waiting('bob')).toEqual(['fp-2', 'fp-3']);
    expect(bench.events.displaced).toMatchObject([{ cause: 'displaced', message: { fingerprint: 'fp-1' } }]);
    expect(bench.metric('messagesDisplaced')).toBe(1);
    expect(bench.events.queueFull).toEqual([]);
  });
});
