import { senseTimes } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import { KeepAlivePace } from '../src/keep-alive-pace.js';

const TIMES = senseTimes(15, 'websocket');

function times({ keepAliveIntervalMs, clientTimeoutMs }: KeepAlivePace): number[] {
  return [keepAliveIntervalMs, clientTimeoutMs];
}

describe('KeepAlivePace', () => {
  it('is the interval of the sense mode without bounds', () => {
    const pace = new KeepAlivePace(TIMES, undefined);
    pace.answered();
    expect(times(pace)).toEqual([15_000, 20_000]);
    pace.lost();
    expect(times(pace)).toEqual([15_000, 20_000]);
  });

  it('grows after each response, up to maxMs', () => {
    const pace = new KeepAlivePace(TIMES, { minMs: 15_000, maxMs: 40_000 });
    const seen: number[][] = [];
    for (let n = 0; n < 4; n++) {
      pace.answered();
      seen.push(times(pace));
    }

    expect(seen).toEqual([
      [22_500, 27_500],
      [33_750, 38_750],
      [40_000, 45_000],
      [40_000, 45_000],
    ]);
  });

  it('is halved after a loss, and stays below the interval that failed', () => {
    const pace = new KeepAlivePace(TIMES, { minMs: 5_000, maxMs: 60_000 });
    pace.answered();
    pace.lost();
    expect(times(pace)).toEqual([11_250, 16_250]);

    for (let n = 0; n < 10; n++) pace.answered();
    expect(pace.keepAliveIntervalMs).toBe(15_000);
  });

  it('is never below minMs', () => {
    const pace = new KeepAlivePace(TIMES, { minMs: 5_000, maxMs: 60_000 });
    for (let n = 0; n < 10; n++) pace.lost();

    expect(times(pace)).toEqual([5_000, 10_000]);
  });
});
