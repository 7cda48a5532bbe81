import { type Profile, planFor } from './plan.js';
import { run } from './run.js';

/** Seeds that are run unless the environment's `SEEDS` says otherwise. */
const DEFAULT_SEEDS = 1000;

/** Failing seeds that are reported; the next ones would hardly say more. */
const MAX_REPORTED = 5;

/** Breaches that are reported of a failing seed. */
const MAX_BREACHES = 10;

/** How many seeds are run, from 1 on. */
export const seeds = Number(process.env['SEEDS'] ?? DEFAULT_SEEDS);

/** The one seed to replay, from the environment's `SEED`; undefined for all. */
export const onlySeed = process.env['SEED'] === undefined ? undefined : Number(process.env['SEED']);

/** Runs the seeds of a profile, or the one to replay. Returns what did not hold, with the seeds to replay it. */
export async function checkSeeds(profile: Profile): Promise<string> {
  const failures: string[] = [];
  const [first, last] = onlySeed === undefined ? [1, seeds] : [onlySeed, onlySeed];
  for (let seed = first; seed <= last && failures.length < MAX_REPORTED; seed++) {
    if (planFor(seed).profile !== profile) continue;
    const { breaches, trace, plan } = await run(seed, {}, onlySeed !== undefined);
    if (onlySeed !== undefined) console.log([JSON.stringify(plan), ...trace].join('\n'));
    if (breaches.length === 0) continue;
    const shown = breaches.slice(0, MAX_BREACHES);
    failures.push([`SEED=${seed} npm run test:sim`, ...shown].join('\n  '));
  }
  return failures.join('\n');
}
