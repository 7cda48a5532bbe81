import { describe, expect, it } from 'vitest';
import { FAULTS } from './faults.js';
import { OUTBOX_FAULTS } from './outbox-faults.js';
import { run } from './run.js';

/** Seeds within which each fault must be detected. */
const SEEDS = 30;

describe('the invariants', () => {
  it.each([...FAULTS, ...OUTBOX_FAULTS])(
    'detect that $name',
    async ({ createSeams, detectedAs, profile }) => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        expect((await run(seed, {}, false, profile)).breaches, `seed ${seed} without the fault`).toEqual([]);
        const { breaches } = await run(seed, createSeams(), false, profile);
        if (breaches.some((breach) => detectedAs.test(breach))) return;
      }
      expect.fail(`not detected within ${SEEDS} seeds`);
    },
  );
});
