import { describe, expect, it, vi } from 'vitest';
import { CLUSTER_FAULTS, replaced } from './faults.js';
import { runCluster } from './run.js';

/** Seeds within which a fault must be detected that hides in most runs, and seeds of which more than half must detect the others. */
const SEEDS = { some: 20, most: 8 };

vi.mock('../../../packages/server/src/cluster/must-look.js', async (original) => {
  const actual = await original<typeof import('../../../packages/server/src/cluster/must-look.js')>();
  const mustLook: typeof actual.mustLook = (queueOf) => {
    const rule = actual.mustLook(queueOf);
    return (receiver, origin) => replaced.looks && rule(receiver, origin);
  };
  return { ...actual, mustLook };
});

vi.mock('../../../packages/server/src/cluster/claims.js', async (original) => {
  const actual = await original<typeof import('../../../packages/server/src/cluster/claims.js')>();
  const winsOver: typeof actual.winsOver = (claim, other) =>
    replaced.lastAnnouncementWins || actual.winsOver(claim, other);
  return { ...actual, winsOver };
});

describe('the invariants of a cluster', () => {
  it.each(CLUSTER_FAULTS)('detect that $name', async ({ plant, seams, detectedAs, profile, detectedIn }) => {
    const seeds = SEEDS[detectedIn];
    const needed = detectedIn === 'most' ? seeds / 2 + 1 : 1;
    let detected = 0;
    for (let seed = 1; seed <= seeds && detected < needed; seed++) {
      const remove = plant?.();
      const { breaches } = await runCluster(seed, seams, false, profile);
      remove?.();
      if (breaches.some((breach) => detectedAs.test(breach))) detected += 1;
    }
    expect(detected, `detected in so many of ${seeds} seeds`).toBeGreaterThanOrEqual(needed);
  });
});
