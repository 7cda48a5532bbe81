import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from '../../src/bench/latency-histogram.js';

function histogramOf(...values: number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const value of values) histogram.add(value);
  return histogram;
}

describe('LatencyHistogram', () => {
  it('is 0 without values', () => {
    const histogram = new LatencyHistogram();
    expect(histogram.percentile(0.99)).toBe(0);
    expect(histogram.total).toBe(0);
  });

  it('returns percentiles that are at most 1/32 too large, and never too small', () => {
    const histogram = new LatencyHistogram();
    for (let value = 1; value <= 100_000; value++) histogram.add(value);
    for (const share of [0.5, 0.9, 0.99, 0.999]) {
      expect(histogram.percentile(share)).toBeGreaterThanOrEqual(share * 100_000);
      expect(histogram.percentile(share)).toBeLessThanOrEqual(share * 100_000 * (1 + 1 / 32) + 1);
    }
  });

  it('never returns more than the largest value', () => {
    expect(histogramOf(1000, 1001).percentile(1)).toBe(1001);
    expect(histogramOf(1000, 1001).max).toBe(1001);
  });

  it('counts values below a microsecond as one', () => {
    expect(histogramOf(0, 0.2).percentile(1)).toBe(1);
  });

  it('counts values between bounds, and above the last one', () => {
    expect(histogramOf(10, 20, 600, 5_000_000).between([100, 1000])).toEqual([2, 1, 1]);
  });
});
