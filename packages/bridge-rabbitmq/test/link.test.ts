import { systemClock } from '@imcore/server/ports';
import { describe, expect, it } from 'vitest';
import { Link } from '../src/link.js';
import { readOptions } from '../src/options.js';
import { BROKER, hasBroker, urlOf } from './support/broker.js';

const timeout = 20_000;

describe.runIf(await hasBroker())('Link', () => {
  /**
   * Connects with waits of 20 to 100 ms and breaks each link when it has been there for `lastsMs`, by its own clock.
   * Returns the waits behind these breaks.
   */
  async function waitsOf(count: number, lastsMs: number): Promise<number[]> {
    const waits: number[] = [];
    let [now, isBreaking] = [0, false];
    // Stands still but for the waits and `lastsMs`, so that a busy machine makes no link last longer.
    const clock = {
      now: () => now,
      wallTime: systemClock.wallTime,
      schedule: (at: number, run: () => void) => {
        if (isBreaking) waits.push(at - now);
        return systemClock.schedule(systemClock.now() + at - now, () => {
          now = Math.max(now, at);
          run();
        });
      },
    };
    const breakLink = () => {
      now += lastsMs;
      isBreaking = true;
      link.fail(new Error('broken'));
      isBreaking = false;
    };
    const settings = { minBackoffMs: 20, maxBackoffMs: 100, random: () => 1, clock };
    const link = new Link({ ...readOptions({ url: urlOf(BROKER.port) }), ...settings }, 'test', {
      prepare: () => Promise.resolve(),
      onUp: () => {
        if (waits.length < count) setImmediate(breakLink);
      },
      onDown: () => {},
    });
    link.open();
    await expect.poll(() => waits.length === count && link.isUp, { timeout }).toBe(true);
    await link.close();
    return waits;
  }

  it('is opened again more and more slowly when it breaks as soon as it is used', async () => {
    const waits = await waitsOf(5, 0);
    // A try that a busy broker lets fail in between only makes the next wait longer.
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(waits.at(0)).toBeLessThan(100);
    expect(waits.at(-1)).toBe(100);
  });

  it('is opened again soon when it has lasted', async () => {
    expect(await waitsOf(3, 120)).toEqual([20, 20, 20]);
  });
});
