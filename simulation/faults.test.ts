import { describe, expect, it } from 'vitest';
import { FAULTS } from './faults.js';
import { run } from './run.js';

/** Seeds within which each fault must be caught. */
const SEEDS = 30;

describe('the invariants', () => {
  it.each(FAULTS)('catch it when $name', async ({ createSeams, caughtAs }) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { breaches } = await run(seed, createSeams());
      const found = breaches.find((breach) => caughtAs.test(breach));
      if (found === undefined) continue;
      expect((await run(seed)).breaches, `seed ${seed} without the fault`).toEqual([]);
      return;
    }
    expect.fail(`not caught within ${SEEDS} seeds`);
  });
});
