import { describe, expect, it } from 'vitest';
import { Pacing } from '../../src/bench/pacing.js';

describe('Pacing', () => {
  it('schedules messages evenly', () => {
    const pacing = new Pacing(1000, 10);
    expect(pacing.take(1000)).toBe(1000);
    expect(pacing.take(1099)).toBeUndefined();
    expect(pacing.take(1100)).toBe(1100);
    expect(pacing.nextAt).toBe(1200);
  });

  it('catches up after a pause, and returns the scheduled times', () => {
    const pacing = new Pacing(0, 1000);
    const taken = [];
    for (let at = pacing.take(3); at !== undefined; at = pacing.take(3)) taken.push(at);
    expect(taken).toEqual([0, 1, 2, 3]);
  });
});
