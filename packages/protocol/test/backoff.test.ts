import { describe, expect, it } from 'vitest';
import { backoffMs, DEFAULT_BACKOFF } from '../src/backoff.js';

const least = () => 0;
const most = () => 1;

describe('backoffMs', () => {
  it('never returns less than minMs', () => {
    expect(backoffMs(0, DEFAULT_BACKOFF, least)).toBe(100);
    expect(backoffMs(7, DEFAULT_BACKOFF, least)).toBe(100);
  });

  it('doubles the bound with each attempt', () => {
    const bounds = [0, 1, 2, 3, 4].map((attempt) => backoffMs(attempt, DEFAULT_BACKOFF, most));
    expect(bounds).toEqual([1000, 2000, 4000, 8000, 16_000]);
  });

  it('never returns more than maxMs, for any number of attempts', () => {
    expect(backoffMs(5, DEFAULT_BACKOFF, most)).toBe(30_000);
    expect(backoffMs(1_000_000, DEFAULT_BACKOFF, most)).toBe(30_000);
  });

  it('spreads delays evenly between minMs and the bound', () => {
    expect(backoffMs(0, { initialMs: 300, maxMs: 300, minMs: 100 }, () => 0.25)).toBe(150);
  });

  it('returns minMs if the bound is below it', () => {
    expect(backoffMs(0, { initialMs: 10, maxMs: 50, minMs: 100 }, most)).toBe(100);
  });
});
