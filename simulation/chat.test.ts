import { describe, expect, it } from 'vitest';
import { run } from './run.js';

/** Runs unless `SEEDS` says otherwise. */
const DEFAULT_SEEDS = 1000;

/** Failing seeds that are reported; the next ones would hardly say more. */
const MAX_REPORTED = 5;

const seed = process.env['SEED'];
const seeds = Number(process.env['SEEDS'] ?? DEFAULT_SEEDS);

describe('a server and its clients on a bad network', () => {
  it.skipIf(seed !== undefined)(`keep their promises for ${seeds} seeds`, async () => {
    const failures: string[] = [];
    for (let each = 1; each <= seeds && failures.length < MAX_REPORTED; each++) {
      const { breaches } = await run(each);
      if (breaches.length > 0)
        failures.push(`SEED=${each} npm run test:sim\n  ${breaches.slice(0, 10).join('\n  ')}`);
    }
    expect(failures.join('\n')).toBe('');
  });

  it.skipIf(seed === undefined)(`keep their promises for seed ${seed}`, async () => {
    const { breaches, trace, plan } = await run(Number(seed), {}, true);
    console.log([JSON.stringify(plan), ...trace, ...breaches.map((breach) => `BREACH ${breach}`)].join('\n'));
    expect(breaches).toEqual([]);
  });

  it('live the same life again for the same seed', async () => {
    const [first, second] = [await run(7, {}, true), await run(7, {}, true)];
    expect(first.trace.length).toBeGreaterThan(1000);
    expect(second.trace).toEqual(first.trace);
  });
});
