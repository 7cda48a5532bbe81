import { describe, expect, it } from 'vitest';
import { onlySeed, seedsOr } from '../check-seeds.js';
import { checkClusterSeeds } from './check-cluster-seeds.js';
import { runCluster } from './run.js';

/** Seeds that are run unless the environment's `SEEDS` says otherwise. */
const count = seedsOr(60);
const which = onlySeed === undefined ? `of ${count} seeds` : `of seed ${onlySeed}`;

describe('a cluster and its clients under random faults', () => {
  it(`keep the invariants in every run ${which}`, async () => {
    expect(await checkClusterSeeds(count)).toBe('');
  });

  it.skipIf(onlySeed !== undefined)('give the same trace for the same seed', async () => {
    const [first, second] = [await runCluster(4, {}, true), await runCluster(4, {}, true)];
    expect(first.trace.length).toBeGreaterThan(1000);
    expect(second.trace).toEqual(first.trace);
  });

  it.skipIf(onlySeed !== undefined)('meet every kind of trouble', async () => {
    const traces: string[] = [];
    for (const seed of [1, 3, 4, 5, 7, 8]) traces.push((await runCluster(seed, {}, true)).trace.join('\n'));
    const trace = traces.join('\n');
    for (const sign of [
      /crashes$/m,
      /closes$/m,
      /is paused$/m,
      /loses the bus$/m,
      /the bus stops$/m,
      /is split off$/m,
      /node \w removed$/m,
      /simulated failure$/m,
      /is half open$/m,
      /kicked with 1$/m,
      /stored /,
    ]) {
      expect(trace).toMatch(sign);
    }
  });
});
