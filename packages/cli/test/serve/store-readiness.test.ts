import { settlePromises, VirtualClock } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { StoreReadiness } from '../../src/serve/store-readiness.js';

describe('the readiness of a store', () => {
  function watch() {
    const clock = new VirtualClock();
    const state = { ok: false, asked: 0 };
    const health = async () => {
      state.asked += 1;
      return { ok: state.ok, waiting: 0, waitingBytes: 0, deadLetters: 0 };
    };
    const stopping = new AbortController();
    const readiness = new StoreReadiness({ health }, clock);
    return { clock, state, readiness, stopping };
  }

  it('begins when the store can store for the first time, and stays', async () => {
    const { clock, state, readiness, stopping } = watch();
    await readiness.start(stopping.signal);
    await clock.advanceAsync(5000);
    expect(readiness.isReady).toBe(false);
    state.ok = true;
    await clock.advanceAsync(1000);
    expect(readiness.isReady).toBe(true);
    const { asked } = state;
    state.ok = false;
    await clock.advanceAsync(60_000);
    expect(readiness.isReady).toBe(true);
    expect(state.asked).toBe(asked);
  });

  it('asks no more when the process stops', async () => {
    const { clock, state, readiness, stopping } = watch();
    await readiness.start(stopping.signal);
    stopping.abort();
    await clock.advanceAsync(1000);
    const { asked } = state;
    await clock.advanceAsync(60_000);
    await settlePromises(10);
    expect(state.asked).toBe(asked);
  });
});
