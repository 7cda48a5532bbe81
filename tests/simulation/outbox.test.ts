import { describe, expect, it } from 'vitest';
import { checkSeeds, onlySeed, seedsOr } from './check-seeds.js';
import { run } from './run.js';

/** Seeds that are run unless the environment's `SEEDS` says otherwise: what CI has time for. */
const count = seedsOr(150);
const which = onlySeed === undefined ? `of ${count} seeds` : `of seed ${onlySeed}`;

describe('clients that die and begin anew, with an outbox each', () => {
  it(`bring every accepted message to an end, and hand each on once, in every run ${which}`, async () => {
    expect(await checkSeeds('restarts', count)).toBe('');
  });

  it('die with messages on their way, and find them again', async () => {
    const lives = await Promise.all([1, 2, 3, 5].map((seed) => run(seed, {}, true, 'restarts')));
    const trace = lives.flatMap((life) => life.trace).join('\n');
    for (const sign of [/crashes$/m, /starts again$/m, /finds \d+ messages again$/m]) {
      expect(trace).toMatch(sign);
    }
  });
});
