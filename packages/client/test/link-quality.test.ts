import { describe, expect, it } from 'vitest';
import { QualityMeter } from '../src/link-quality.js';

const NOON = 1_800_000_000_000;

describe('QualityMeter', () => {
  it('has no values before the first measurement', () => {
    expect(new QualityMeter().at(0, NOON)).toEqual({
      roundTripMs: undefined,
      averageRoundTripMs: undefined,
      clockOffsetMs: undefined,
      clockErrorMs: undefined,
    });
  });

  it('has the last round-trip time and a moving average', () => {
    const meter = new QualityMeter();
    meter.answered(0, 100);
    meter.answered(1_000, 1_180);

    expect(meter.at(2_000, NOON)).toMatchObject({ roundTripMs: 180, averageRoundTripMs: 110 });
  });

  it('has the server’s clock offset with an error of half a round trip', () => {
    const meter = new QualityMeter();
    // Request at 1000, response at 1200; the server wrote in between, and its clock is 5 s ahead.
    meter.addServerTime(NOON + 1_100 + 5_000, 1_000, 1_200);

    const { clockOffsetMs, clockErrorMs } = meter.at(1_200, NOON + 1_200);

    expect(clockOffsetMs).toBe(5_000);
    expect(clockErrorMs).toBe(100);
  });

  it('keeps the most precise sample until drift has made it worse than a new one', () => {
    const meter = new QualityMeter();
    meter.addServerTime(NOON + 10 + 5_000, 0, 20);
    meter.addServerTime(NOON + 1_000 + 7_777, 500, 1_500);
    expect(meter.at(1_500, NOON + 1_500).clockOffsetMs).toBe(5_000);

    meter.addServerTime(NOON + 10_000_000 + 6_000, 9_999_500, 10_000_500);
    expect(meter.at(10_000_500, NOON + 10_000_500).clockOffsetMs).toBe(6_000);
  });

  it('follows a change of the local clock', () => {
    const meter = new QualityMeter();
    meter.addServerTime(NOON, 0, 0);

    expect(meter.at(1_000, NOON + 1_000 + 60_000).clockOffsetMs).toBe(-60_000);
  });

  it('ignores a response without a server time', () => {
    const meter = new QualityMeter();
    meter.addServerTime(-1, 0, 10);

    expect(meter.at(10, NOON).clockOffsetMs).toBeUndefined();
  });
});
