import { onlySeed } from '../check-seeds.js';
import { runDevices } from './run.js';

/** Failing seeds after which the check stops, and breaches that are reported for each. */
const MAX_REPORTED = 5;
const MAX_BREACHES = 10;

/** Runs the seeds from 1 to `count`, or the one to replay. Returns the breaches, with the commands to replay their seeds. */
export async function checkDevicesSeeds(count: number): Promise<string> {
  const failures: string[] = [];
  const [first, last] = onlySeed === undefined ? [1, count] : [onlySeed, onlySeed];
  const sums = { runs: 0, messages: 0, acknowledged: 0 };
  for (let seed = first; seed <= last && failures.length < MAX_REPORTED; seed += 1) {
    const { plan, breaches, trace, messages } = await runDevices(seed, {}, onlySeed !== undefined);
    if (onlySeed !== undefined) console.log([JSON.stringify(plan), ...trace].join('\n'));
    sums.runs += 1;
    sums.messages += messages.length;
    sums.acknowledged += messages.filter(({ acknowledgements }) => acknowledgements > 0).length;
    if (breaches.length === 0) continue;
    const shown = breaches.slice(0, MAX_BREACHES);
    failures.push([`SEED=${seed} npm run test:sim -- tests/simulation/devices`, ...shown].join('\n  '));
  }
  console.log(`${sums.runs} runs, ${sums.messages} messages, ${sums.acknowledged} acknowledged`);
  return failures.join('\n');
}
