import { beforeEach, describe, expect, it } from 'vitest';
import { type MemorySample, TrimPolicy } from '../../src/process-memory/trim-policy.js';

const MIB = 1024 * 1024;
const MINUTE = 60_000;

describe('TrimPolicy', () => {
  let policy: TrimPolicy;
  let now = 0;
  beforeEach(() => {
    policy = new TrimPolicy();
    now = 0;
  });

  /** Passes in samples of a quiet process that has grown, one each second. Returns which of them led to a trim. */
  function watch(samples: number, changed: Partial<MemorySample> = {}): boolean[] {
    return Array.from({ length: samples }, () => {
      now += 1000;
      return policy.shouldTrim({ now, load: 0.1, youngBytes: 28 * MIB, oldBytes: 20 * MIB, ...changed });
    });
  }

  it('trims after three quiet seconds', () => {
    expect(watch(3)).toEqual([false, false, true]);
  });

  it('does not trim under load, and waits for three quiet seconds again', () => {
    expect(watch(5, { load: 0.5 })).not.toContain(true);
    expect(watch(2)).toEqual([false, false]);
    expect(watch(1, { load: 0.26 })).toEqual([false]);
    expect(watch(3)).toEqual([false, false, true]);
  });

  it('does not trim a small young generation', () => {
    expect(watch(10, { youngBytes: 16 * MIB - 1 })).not.toContain(true);
    expect(watch(1, { youngBytes: 16 * MIB })).toEqual([true]);
  });

  it('does not trim when the pause would be long', () => {
    expect(watch(10, { oldBytes: 32 * MIB + 1 })).not.toContain(true);
    expect(watch(1, { oldBytes: 32 * MIB })).toEqual([true]);
  });

  it('trims at most once every ten minutes', () => {
    expect(watch(3)).toContain(true);
    expect(watch((10 * MINUTE) / 1000 - 1)).not.toContain(true);
    expect(watch(1)).toEqual([true]);
  });
});
