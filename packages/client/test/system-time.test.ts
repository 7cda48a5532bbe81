import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SystemClock } from '../src/system-clock.js';
import { createSystemRandom } from '../src/system-random.js';

const DAY_MS = 24 * 60 * 60 * 1000;

describe('SystemClock', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('calls back at the given instant, not before', () => {
    const clock = new SystemClock();
    const runs: number[] = [];
    const at = clock.now() + 1_000;
    clock.schedule(at, () => runs.push(clock.now()));

    vi.advanceTimersByTime(999);
    expect(runs).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(runs).toEqual([at]);
  });

  it('does not run a cancelled callback', () => {
    const clock = new SystemClock();
    const run = vi.fn();
    clock.schedule(clock.now() + 10, run).cancel();

    vi.advanceTimersByTime(100);

    expect(run).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits longer than the platform’s maximum delay', () => {
    const clock = new SystemClock();
    const run = vi.fn();
    const scheduled = clock.schedule(clock.now() + 30 * DAY_MS, run);

    vi.advanceTimersByTime(30 * DAY_MS - 1);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledTimes(1);
    scheduled.cancel();
  });
});

describe('SystemClock on a platform without a monotonic clock', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('performance', undefined);
  });
  afterEach(() => {
    // In this order: otherwise the fake clock stays, and stops the other test files in this process.
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it('does not go back when the device’s clock is set back, and continues from there', () => {
    const clock = new SystemClock();
    const before = clock.now();
    vi.setSystemTime(Date.now() - DAY_MS);

    expect(clock.now()).toBe(before);
    vi.advanceTimersByTime(1_000);
    expect(clock.now()).toBe(before + 1_000);
  });
});

describe('the system’s random source', () => {
  it('returns numbers spread over [0, 1)', () => {
    const random = createSystemRandom();
    const drawn = Array.from({ length: 2_000 }, () => random());

    expect(drawn.every((number) => number >= 0 && number < 1)).toBe(true);
    const tenths = new Set(drawn.map((number) => Math.floor(number * 10)));
    expect(tenths.size).toBe(10);
    expect(new Set(drawn).size).toBeGreaterThan(1_990);
  });
});
