import { describe, expect, it, vi } from 'vitest';
import { CLUSTER_FAULTS, replaced } from './faults.js';
import { runCluster } from './run.js';

/** Seeds within which each fault must be detected. */
const SEEDS = 20;

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
  it.each(CLUSTER_FAULTS)('detect that $name', async ({ plant, seams, detectedAs, profile }) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const remove = plant?.();
      const { breaches } = await runCluster(seed, seams, false, profile);
      remove?.();
      if (breaches.some((breach) => detectedAs.test(breach))) return;
    }
    expect.fail(`not detected within ${SEEDS} seeds`);
  });
});
