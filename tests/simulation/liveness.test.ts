import { describe, expect, it } from 'vitest';
import { checkSeeds, isOtherProfile, onlySeed, seeds } from './check-seeds.js';

const which = onlySeed === undefined ? `of ${seeds} seeds` : `of seed ${onlySeed}`;

describe('a server and its clients on a network whose losses the retries make up for', () => {
  it.skipIf(isOtherProfile('bounded-loss'))(`deliver every message in every run ${which}`, async () => {
    expect(await checkSeeds('bounded-loss')).toBe('');
  });
});
