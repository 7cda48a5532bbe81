import { describe, expect, it } from 'vitest';
import { DEVICES_FAULTS } from './faults.js';
import { runDevices } from './run.js';

/** Seeds within which each fault must be detected. */
const SEEDS = 20;

describe('the invariants of devices', () => {
  it.each(DEVICES_FAULTS)('detect that $name', async (fault) => {
    const { name, detectedAs, profile, createSeams, plant, prepare } = fault;
    const logLoss = fault.logLoss && { logLoss: fault.logLoss };
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const tidy = prepare?.();
      const { breaches: without } = await runDevices(seed, { ...logLoss }, false, profile);
      tidy?.();
      expect(without, `seed ${seed} without the fault`).toEqual([]);
      const remove = plant?.();
      const { breaches } = await runDevices(seed, { ...createSeams?.(), ...logLoss }, false, profile);
      remove?.();
      if (!breaches.some((breach) => detectedAs.test(breach))) continue;
      if (process.env['IMCORE_TELL'] === 'true') console.log(`${name}: detected with seed ${seed}`);
      return;
    }
    expect.fail(`not detected within ${SEEDS} seeds`);
  });
});
