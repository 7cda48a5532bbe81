import { beforeEach, describe, expect, it } from 'vitest';
import { type MemorySample, TrimPolicy } from '../src/process-memory/trim-policy.js';

const MIB = 1024 * 1024;
const MINUTE = 60_000;

describe('memory is given back', () => {
  let policy: TrimPolicy;
  let now = 0;
  beforeEach(() => {
    policy = new TrimPolicy();
    now = 0;
  });

  /** Shows samples of a quiet process that has grown, a second apart, and tells which of them led to a trim. */
  function watch(samples: number, changed: Partial<MemorySample> = {}): boolean[] {
    return Array.from({ length: samples }, () => {
      now += 1000;
      return policy.shouldTrim({ now, load: 0.1, youngBytes: 28 * MIB, oldBytes: 20 * MIB, ...changed });
    });
  }

  it('after three quiet seconds', () => {
    expect(watch(3)).toEqual([false, false, true]);
  });

  it('not while there is something to do, nor before it has been quiet for three seconds again', () => {
    expect(watch(5, { load: 0.5 })).not.toContain(true);
    expect(watch(2)).toEqual([false, false]);
    expect(watch(1, { load: 0.26 })).toEqual([false]);
    expect(watch(3)).toEqual([false, false, true]);
  });

  it('not where the young generation is small', () => {
    expect(watch(10, { youngBytes: 16 * MIB - 1 })).not.toContain(true);
    expect(watch(1, { youngBytes: 16 * MIB })).toEqual([true]);
  });

  it('not where the pause would be long', () => {
    expect(watch(10, { oldBytes: 32 * MIB + 1 })).not.toContain(true);
    expect(watch(1, { oldBytes: 32 * MIB })).toEqual([true]);
  });

  it('once in ten minutes at most', () => {
    expect(watch(3)).toContain(true);
    expect(watch((10 * MINUTE) / 1000 - 1)).not.toContain(true);
    expect(watch(1)).toEqual([true]);
  });
});
