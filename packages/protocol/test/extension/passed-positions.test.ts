import { describe, expect, it } from 'vitest';
import { PassedPositions } from '../../src/extension/passed-positions.js';

describe('PassedPositions', () => {
  it('covers what is handled, in any order', () => {
    const positions = new PassedPositions(5);
    expect([positions.deliver(), positions.deliver(), positions.deliver()]).toEqual([6, 7, 8]);
    positions.handle(8);
    positions.handle(6);
    expect(positions.handled).toBe(6);
    positions.handle(7);
    expect(positions.handled).toBe(8);
  });

  it('covers what is skipped only when everything before it is handled', () => {
    const positions = new PassedPositions(0);
    positions.deliver();
    positions.skipTo(9_007_199_254_740_991);
    expect([positions.handled, positions.passed]).toEqual([0, 9_007_199_254_740_991]);
    positions.handle(1);
    expect(positions.handled).toBe(9_007_199_254_740_991);
  });

  it('ignores positions that are unknown or handled already', () => {
    const positions = new PassedPositions(3);
    positions.handle(3);
    positions.handle(99);
    expect(positions.handled).toBe(3);
  });
});
