import { describe, expect, it } from 'vitest';
import { StoreError } from '../src/errors.js';
import type { MessageStore, SharedStore } from '../src/ports/message-store.js';
import { TimedStore } from '../src/storage/timed-store.js';
import { memoryStore } from '../src/store-memory/memory-store.js';
import { ControlledStore } from './support/controlled-store.js';
import { createRuntime } from './support/runtime.js';

const BOB = [{ userId: 'bob', after: 0 }];

function setUp() {
  const [store, runtime] = [new ControlledStore(), createRuntime()];
  const { shared } = new TimedStore(store, runtime, 10_000);
  if (shared === undefined) throw new Error('the store is shared');
  return { store, shared, ...runtime };
}

const CALLS: readonly ['identity' | 'whichWait', (shared: SharedStore) => Promise<unknown>][] = [
  ['identity', (shared) => shared.identity()],
  ['whichWait', (shared) => shared.whichWait(BOB)],
];

describe('what a store with a deadline offers to be shared', () => {
  it('is that of the store', async () => {
    const { store, shared } = setUp();
    await store.append([{ to: 'bob', from: 'alice', fingerprint: '1', body: 'body', acceptedAt: 0 }]);
    expect(await shared.whichWait([...BOB, { userId: 'carol', after: 0 }])).toEqual(new Set(['bob']));
    expect(await shared.identity()).toBe(await store.shared.identity());
  });

  it('is nothing if the store cannot be shared', () => {
    const alone: MessageStore = { ...memoryStore(), shared: undefined };
    expect(new TimedStore(alone, createRuntime(), 10_000).shared).toBeUndefined();
  });

  it.each(CALLS)('rejects %s when the store has not answered within the deadline', async (name, call) => {
    const { store, shared, clock, metrics } = setUp();
    store.hold(name);
    const answer = call(shared).catch((error: unknown) => error);
    await clock.advanceAsync(9999);
    expect(metrics.storeTimeouts).toBe(0);
    await clock.advanceAsync(1);
    expect(await answer).toMatchObject({
      code: 'ERR_STORE_TIMED_OUT',
      message: `${name}: the store has not answered within 10000 ms`,
    });
    expect(metrics.storeTimeouts).toBe(1);
  });

  it.each(CALLS)('rejects %s with the error of the store', async (name, call) => {
    const { store, shared } = setUp();
    store.failures[name] = new StoreError('ERR_STORE_FAILED', 'connection refused');
    await expect(call(shared)).rejects.toBe(store.failures[name]);
  });

  it('is not called while 64 calls are unanswered', async () => {
    const { store, shared, clock, metrics } = setUp();
    store.hold('whichWait');
    const answers = Array.from({ length: 64 }, () => shared.whichWait(BOB).catch(() => 'late'));
    await clock.advanceAsync(10_000);
    expect(await Promise.all(answers)).toHaveLength(64);
    await expect(shared.whichWait(BOB)).rejects.toMatchObject({ code: 'ERR_STORE_TIMED_OUT' });
    await expect(shared.identity()).rejects.toMatchObject({ code: 'ERR_STORE_TIMED_OUT' });
    expect([store.calls.whichWait, store.calls.identity]).toEqual([64, 0]);
    expect(metrics.limitUnansweredStoreCalls).toBe(2);
  });
});
