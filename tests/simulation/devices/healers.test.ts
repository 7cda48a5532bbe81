import { describe, expect, it } from 'vitest';
import { onlySeed, seedsOr } from '../check-seeds.js';
import { HEALABLE, type Healer, onlyHealedBy } from './healers.js';
import { runDevices } from './run.js';

/** Seeds that are run unless the environment's `SEEDS` says otherwise. */
const count = Math.min(seedsOr(50), 300);

const HEALERS: readonly Healer[] = ['hole', 'last', 'go-back'];

/** Seeds whose runs breach an invariant with these healers at work, with the first breach. */
async function failures(healers: readonly Healer[], logLoss: (typeof HEALABLE)[Healer], seeds: number) {
  const failed: string[] = [];
  const [first, last] = onlySeed === undefined ? [1, seeds] : [onlySeed, onlySeed];
  const restore = onlyHealedBy(...healers);
  for (let seed = first; seed <= last; seed += 1) {
    const { breaches, trace } = await runDevices(seed, { logLoss }, onlySeed !== undefined, 'healers');
    if (onlySeed !== undefined) console.log(trace.join('\n'));
    if (breaches[0] !== undefined) failed.push(`SEED=${seed}: ${breaches[0]}`);
  }
  restore();
  return failed;
}

describe('a lost entry', () => {
  it.each(HEALERS)(`is brought back by %s alone in every run of ${count} seeds`, async (healer) => {
    expect(await failures([healer], HEALABLE[healer], count)).toEqual([]);
  });

  it.each(HEALERS)('is not brought back by anything else, with the losses of %s', async (healer) => {
    expect((await failures([], HEALABLE[healer], 8)).length).toBeGreaterThan(onlySeed === undefined ? 6 : 0);
  });
});
