import { type Profile, profileOf } from './plan.js';
import { run } from './run.js';

/** Seeds that are run unless the environment's `SEEDS` says otherwise. */
const DEFAULT_SEEDS = 1000;

/** Failing seeds after which the check stops: more of them rarely tell more. */
const MAX_REPORTED = 5;

/** Breaches that are reported for a failing seed. */
const MAX_BREACHES = 10;

/** A quick run (`npm test`) runs one of so many seeds. */
const QUICK_DIVISOR = 5;

const isQuick = process.env['IMCORE_QUICK'] === 'true';

/** How many seeds are run, from 1 on. */
export const seeds = seedsOr(DEFAULT_SEEDS);

/** How many seeds are run: the environment's `SEEDS`, else `count`, of which a quick run takes a part. */
export function seedsOr(count: number): number {
  return positiveFrom('SEEDS') ?? (isQuick ? Math.ceil(count / QUICK_DIVISOR) : count);
}

/** The one seed to replay, from the environment's `SEED`; `undefined` to run all. */
export const onlySeed = positiveFrom('SEED');

/** Whether the one seed to replay belongs to another profile: then there is nothing to check for this one. */
export function isOtherProfile(profile: Profile): boolean {
  return onlySeed !== undefined && profileOf(onlySeed) !== profile;
}

/** Whether the seed decides which of these profiles is run; the others are run with any seed. */
function isChosenBySeed(profile: Profile): boolean {
  return profile === 'chaos' || profile === 'bounded-loss';
}

/**
 * Runs the seeds of a profile, or the one to replay. Returns the breaches, with the commands to replay their seeds.
 *
 * @throws RangeError when no seed belongs to the profile: nothing would have been checked.
 */
export async function checkSeeds(profile: Profile, count: number = seeds): Promise<string> {
  const failures: string[] = [];
  const [first, last] = onlySeed === undefined ? [1, count] : [onlySeed, onlySeed];
  let runs = 0;
  for (let seed = first; seed <= last && failures.length < MAX_REPORTED; seed++) {
    if (isChosenBySeed(profile) && profileOf(seed) !== profile) continue;
    runs += 1;
    const { breaches, trace, plan } = await run(seed, {}, onlySeed !== undefined, profile);
    if (onlySeed !== undefined) console.log([JSON.stringify(plan), ...trace].join('\n'));
    if (breaches.length === 0) continue;
    const shown = breaches.slice(0, MAX_BREACHES);
    failures.push([`SEED=${seed} npm run test:sim`, ...shown].join('\n  '));
  }
  if (runs === 0)
    throw new RangeError(`none of the seeds ${first} to ${last} belongs to the profile ${profile}`);
  return failures.join('\n');
}

/** A whole number from 1 in the environment; `undefined` where it is not set. */
function positiveFrom(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number > 0) return number;
  throw new RangeError(`${name} must be a whole number from 1, got ${JSON.stringify(text)}`);
}
