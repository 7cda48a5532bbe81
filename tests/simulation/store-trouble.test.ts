import { describe, expect, it } from 'vitest';
import { checkSeeds, onlySeed, seedsOr } from './check-seeds.js';
import { run } from './run.js';

/** Seeds that are run unless the environment's `SEEDS` says otherwise. */
const count = seedsOr(200);
const which = onlySeed === undefined ? `of ${count} seeds` : `of seed ${onlySeed}`;

describe('a server that crashes, with a store that is slow, fails and is full', () => {
  it(`keeps the invariants in every run ${which}`, async () => {
    expect(await checkSeeds('store-trouble', count)).toBe('');
  });

  it('meets every kind of trouble', async () => {
    const runs = await Promise.all(
      Array.from({ length: 12 }, (_, index) => run(index + 1, {}, true, 'store-trouble')),
    );
    const trace = runs.flatMap(({ trace }) => trace).join('\n');
    for (const sign of [
      /crashes$/m,
      /starts again$/m,
      /simulated failure$/m,
      /has not answered within 10000 ms$/m,
      /overtake stored ones$/m,
      /queue-full$/m,
      /stored /,
      /expired /,
      /resent [1-9]/,
    ]) {
      expect(trace).toMatch(sign);
    }
  });
});
