import { describe, expect, it } from 'vitest';
import { QualityMeter } from '../src/link-quality.js';

const NOON = 1_800_000_000_000;

describe('QualityMeter', () => {
  it('knows nothing before it was told', () => {
    expect(new QualityMeter().at(0, NOON)).toEqual({
      roundTripMs: undefined,
      averageRoundTripMs: undefined,
      clockOffsetMs: undefined,
      clockErrorMs: undefined,
    });
  });

  it('tells the last round trip, and an average in which the last ones count most', () => {
    const meter = new QualityMeter();
    meter.answered(0, 100);
    meter.answered(1_000, 1_180);

    expect(meter.at(2_000, NOON)).toMatchObject({ roundTripMs: 180, averageRoundTripMs: 110 });
  });

  it('knows the server’s clock up to half of a round trip', () => {
    const meter = new QualityMeter();
    // Asked at 1000, answered at 1200; the server wrote in the middle, five seconds ahead of this device.
    meter.addServerTime(NOON + 1_100 + 5_000, 1_000, 1_200);

    const { clockOffsetMs, clockErrorMs } = meter.at(1_200, NOON + 1_200);

    expect(clockOffsetMs).toBe(5_000);
    expect(clockErrorMs).toBe(100);
  });

  it('keeps the narrowest measurement until drift has made it worse than a new one', () => {
    const meter = new QualityMeter();
    meter.addServerTime(NOON + 10 + 5_000, 0, 20);
    meter.addServerTime(NOON + 1_000 + 7_777, 500, 1_500);
    expect(meter.at(1_500, NOON + 1_500).clockOffsetMs).toBe(5_000);

    meter.addServerTime(NOON + 10_000_000 + 6_000, 9_999_500, 10_000_500);
    expect(meter.at(10_000_500, NOON + 10_000_500).clockOffsetMs).toBe(6_000);
  });

  it('follows this device’s clock where that is set', () => {
    const meter = new QualityMeter();
    meter.addServerTime(NOON, 0, 0);

    expect(meter.at(1_000, NOON + 1_000 + 60_000).clockOffsetMs).toBe(-60_000);
  });

  it('takes no answer without a time for one', () => {
    const meter = new QualityMeter();
    meter.addServerTime(-1, 0, 10);

    expect(meter.at(10, NOON).clockOffsetMs).toBeUndefined();
  });
});
