import { afterEach, describe, expect, it, vi } from 'vitest';
import { ServerCluster } from '../../../packages/server/src/cluster/server-cluster.js';
import { onlySeed, seedsOr } from '../check-seeds.js';
import { RACES, type Race, type RaceResult, RaceWorld } from './race-world.js';

/** Races of each case in each run of a seed. */
const RACES_OF_A_SEED = 25;
const SEEDS = seedsOr(40);

/** Longest time until one session is left, in milliseconds: what is promised, and what no run is expected to exceed. */
const BOUND_MS = 100;
const LOSSY_BOUND_MS = 2500;
const LOSSY_MAX_MS = 4500;

async function runRaces(
  race: Race,
  loss: number,
  boundMs: number,
  seeds = SEEDS,
): Promise<readonly RaceResult[]> {
  const results: RaceResult[] = [];
  const [first, last] = onlySeed === undefined ? [1, seeds] : [onlySeed, onlySeed];
  for (let seed = first; seed <= last; seed++) {
    const world = new RaceWorld(seed, { loss, duplication: loss });
    await world.start();
    for (let left = RACES_OF_A_SEED; left > 0; left--) {
      const { twiceMs, breaches } = await world.run(race, boundMs);
      results.push({ twiceMs, breaches: breaches.map((breach) => `seed ${seed}: ${breach}`) });
    }
    await world.close();
  }
  return results;
}

const breachesOf = (results: readonly RaceResult[]): string[] =>
  results.flatMap(({ breaches }) => breaches).slice(0, 10);

/** One line with the times of the races in which there were two sessions. */
function summary(title: string, results: readonly RaceResult[]): string {
  const times = results.map(({ twiceMs }) => twiceMs).filter((ms) => ms > 0);
  times.sort((one, other) => one - other);
  const at = (share: number) =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))]?.toFixed(1);
  return `${title}: ${results.length} races, two sessions in ${times.length}, for p50 ${at(0.5)} ms, max ${at(1)} ms`;
}

describe('two logins of one user at two nodes', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each(RACES)('leave the one session that the rule names within 100 ms: %s', async (race) => {
    const results = await runRaces(race, 0, BOUND_MS);
    console.log(summary(race, results));
    expect(breachesOf(results)).toEqual([]);
    expect(results.some(({ twiceMs }) => twiceMs > 0)).toBe(true);
  });

  it.each(RACES)('leave it within seconds where the bus loses one frame in twenty: %s', async (race) => {
    const results = await runRaces(race, 0.05, LOSSY_MAX_MS);
    console.log(summary(`${race}, frames lost`, results));
    expect(breachesOf(results)).toEqual([]);
    const late = results.filter(({ twiceMs }) => twiceMs > LOSSY_BOUND_MS);
    expect(late.length).toBeLessThanOrEqual(results.length / 1000);
  });

  it('are detected if both sessions stay', async () => {
    vi.spyOn(ServerCluster.prototype, 'claimLost').mockImplementation(() => {});
    const results = await runRaces('first login against first login', 0, BOUND_MS, 2);
    expect(breachesOf(results).join()).toMatch(/has 2 sessions/);
  });
});
