import { describe, expect, it } from 'vitest';
import { checkSeeds, isOtherProfile, onlySeed, seeds } from './check-seeds.js';
import { run } from './run.js';

const which = onlySeed === undefined ? `of ${seeds} seeds` : `of seed ${onlySeed}`;

describe('a server and its clients under random faults', () => {
  it.skipIf(isOtherProfile('chaos'))(`keep the invariants in every run ${which}`, async () => {
    expect(await checkSeeds('chaos')).toBe('');
  });

  it.skipIf(onlySeed !== undefined)('give the same trace for the same seed', async () => {
    const [first, second] = [await run(7, {}, true), await run(7, {}, true)];
    expect(first.trace.length).toBeGreaterThan(1000);
    expect(second.trace).toEqual(first.trace);
  });
});
