import { type Profile, profileOf } from './plan.js';
import { run } from './run.js';

/** Seeds that are run unless the environment's `SEEDS` says otherwise. */
const DEFAULT_SEEDS = 1000;

/** Failing seeds that are reported; the next ones would hardly say more. */
const MAX_REPORTED = 5;

/** Breaches that are reported of a failing seed. */
const MAX_BREACHES = 10;

/** How many seeds are run, from 1 on. */
export const seeds = seedsOr(DEFAULT_SEEDS);

/** How many seeds are run: as the environment says, else so many. */
export function seedsOr(count: number): number {
  return positiveFrom('SEEDS') ?? count;
}

/** The one seed to replay, from the environment's `SEED`; undefined for all. */
export const onlySeed = positiveFrom('SEED');

/** Whether the one seed to replay lives another profile: then there is nothing to check of this one. */
export function isOtherProfile(profile: Profile): boolean {
  return onlySeed !== undefined && profileOf(onlySeed) !== profile;
}

/** Whether a seed says by itself that it lives this profile; the others are lived by any seed. */
function isOfSeed(profile: Profile): boolean {
  return profile === 'chaos' || profile === 'bounded-loss';
}

/**
 * Runs the seeds of a profile, or the one to replay. Returns what did not hold, with the seeds to replay it.
 *
 * @throws RangeError when no seed lives this profile: nothing would have been checked.
 */
export async function checkSeeds(profile: Profile, count: number = seeds): Promise<string> {
  const failures: string[] = [];
  const [first, last] = onlySeed === undefined ? [1, count] : [onlySeed, onlySeed];
  let lives = 0;
  for (let seed = first; seed <= last && failures.length < MAX_REPORTED; seed++) {
    if (isOfSeed(profile) && profileOf(seed) !== profile) continue;
    lives += 1;
    const { breaches, trace, plan } = await run(seed, {}, onlySeed !== undefined, profile);
    if (onlySeed !== undefined) console.log([JSON.stringify(plan), ...trace].join('\n'));
    if (breaches.length === 0) continue;
    const shown = breaches.slice(0, MAX_BREACHES);
    failures.push([`SEED=${seed} npm run test:sim`, ...shown].join('\n  '));
  }
  if (lives === 0) throw new RangeError(`none of the seeds ${first} to ${last} lives the profile ${profile}`);
  return failures.join('\n');
}

/** A whole number from 1 of the environment; undefined where it is not set. */
function positiveFrom(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number > 0) return number;
  throw new RangeError(`${name} is ${JSON.stringify(text)}, allowed are whole numbers from 1`);
}
