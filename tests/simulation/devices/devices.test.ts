import { describe, expect, it } from 'vitest';
import { onlySeed, seedsOr } from '../check-seeds.js';
import { checkDevicesSeeds } from './check-devices-seeds.js';
import { runDevices } from './run.js';

/** Seeds that are run unless the environment's `SEEDS` says otherwise. */
const count = seedsOr(1000);
const which = onlySeed === undefined ? `of ${count} seeds` : `of seed ${onlySeed}`;

describe('users with devices and v6 clients under random faults', () => {
  it(`keep the invariants in every run ${which}`, { timeout: 3_600_000 }, async () => {
    expect(await checkDevicesSeeds(count)).toBe('');
  });

  it.skipIf(onlySeed !== undefined)('give the same trace for the same seed', async () => {
    const first = await runDevices(4, {}, true);
    const second = await runDevices(4, {}, true);
    expect(first.trace.length).toBeGreaterThan(500);
    expect(second.trace).toEqual(first.trace);
  });

  it.skipIf(onlySeed !== undefined)('meet every kind of trouble', async () => {
    const traces: string[] = [];
    for (let seed = 1; seed <= 16; seed += 1)
      traces.push((await runDevices(seed, {}, true)).trace.join('\n'));
    const trace = traces.join('\n');
    const signs = [
      /\/\d +changes to /m,
      /\/\d +starts again on /m,
      /server +starts again$/m,
      /a backup is restored/m,
      /will not come: hole$/m,
      /will not come: expired$/m,
      /will not come: too-large$/m,
      /is gone for good$/m,
      /simulated failure$/m,
      /has not answered within 10000 ms$/m,
      /fails to handle \d+$/m,
      / replaced -1$/m,
      /ERR_REJECTED /m,
      /level 1$/m,
    ];
    expect(signs.filter((sign) => !sign.test(trace))).toEqual([]);
  });
});
