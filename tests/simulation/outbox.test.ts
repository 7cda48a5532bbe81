import { describe, expect, it } from 'vitest';
import { checkSeeds, onlySeed, seedsOr } from './check-seeds.js';
import { run } from './run.js';

/** Seeds that are run unless the environment's `SEEDS` says otherwise: as many as CI has time for. */
const count = seedsOr(150);
const which = onlySeed === undefined ? `of ${count} seeds` : `of seed ${onlySeed}`;

describe('clients with an outbox that crash and start again', () => {
  it(`settle every accepted message, and pass each on once, in every run ${which}`, async () => {
    expect(await checkSeeds('restarts', count)).toBe('');
  });

  it('crash with messages in transit, and find them again', async () => {
    const runs = await Promise.all([1, 2, 3, 5].map((seed) => run(seed, {}, true, 'restarts')));
    const trace = runs.flatMap(({ trace }) => trace).join('\n');
    for (const sign of [/crashes$/m, /starts again$/m, /finds \d+ messages again$/m]) {
      expect(trace).toMatch(sign);
    }
  });
});
