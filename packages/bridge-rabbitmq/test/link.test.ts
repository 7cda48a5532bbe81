import { systemClock } from '@imcore/server/ports';
import { describe, expect, it } from 'vitest';
import { Link } from '../src/link.js';
import { readOptions } from '../src/options.js';
import { BROKER, hasBroker, urlOf } from './support/broker.js';

const timeout = 20_000;

describe.runIf(await hasBroker())('a link', () => {
  /** Connects with waits of 20 to 100 ms; returns those that there were, once there were so many. */
  async function waitsOf(count: number, breakAfterMs: number): Promise<number[]> {
    const waits: number[] = [];
    const clock = {
      now: systemClock.now,
      wallTime: systemClock.wallTime,
      schedule: (at: number, run: () => void) => {
        waits.push(Math.round(at - systemClock.now()));
        return systemClock.schedule(at, run);
      },
    };
    const backoff = { minBackoffMs: 20, maxBackoffMs: 100, random: () => 1 };
    const link = new Link(readOptions({ url: urlOf(BROKER.port), clock, ...backoff }), 'test', {
      prepare: () => Promise.resolve(),
      up: () => {
        if (waits.length < count) setTimeout(() => link.fail(new Error('broken')), breakAfterMs);
      },
      down: () => {},
    });
    link.open();
    await expect.poll(() => waits.length === count && link.isUp, { timeout }).toBe(true);
    await link.close();
    return waits.slice(0, count);
  }

  it('that breaks as soon as it is used is made anew more and more slowly', async () => {
    expect(await waitsOf(5, 0)).toEqual([20, 40, 80, 100, 100]);
  });

  it('that has lasted is made anew soon', async () => {
    expect(await waitsOf(3, 120)).toEqual([20, 20, 20]);
  });
});
