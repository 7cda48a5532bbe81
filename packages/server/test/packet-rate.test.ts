import { describe, expect, it } from 'vitest';
import { countPacket, waitOf } from '../src/sessions/packet-rate.js';

/** A session that has sent nothing yet. */
function newRate() {
  let emptyAt = 0;
  const count = (now: number, perSecond: number): number => {
    emptyAt = countPacket(emptyAt, now, perSecond);
    return waitOf(emptyAt, now);
  };
  return { count };
}

describe('The rate of packets', () => {
  it('lets two seconds’ worth through at once', () => {
    const rate = newRate();
    const waits = Array.from({ length: 23 }, () => rate.count(0, 10));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(20);
    expect(waits.slice(20)).toEqual([100, 200, 300]);
  });

  it('lets a sender at exactly the rate through for ever', () => {
    const rate = newRate();
    for (let now = 0; now < 100_000; now += 100) expect(rate.count(now, 10)).toBe(0);
  });

  it('saves up no more than two seconds’ worth', () => {
    const rate = newRate();
    const waits = Array.from({ length: 21 }, () => rate.count(1_000_000, 10));
    expect(waits.slice(19)).toEqual([0, 100]);
  });

  it('has room again as time passes', () => {
    const rate = newRate();
    for (let i = 0; i < 20; i++) rate.count(0, 10);
    expect(rate.count(99, 10)).toBe(1);
    expect(rate.count(300, 10)).toBe(0);
  });
});
