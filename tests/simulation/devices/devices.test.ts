import { describe, expect, it } from 'vitest';
import { onlySeed, seedsOr } from '../check-seeds.js';
import { checkDevicesSeeds } from './check-devices-seeds.js';
import { runDevices } from './run.js';

/** Seeds that are run unless the environment's `SEEDS` says otherwise. */
const count = seedsOr(200);
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
});
