import { describe, expect, it } from 'vitest';
import { onlySeed, seedsOr } from '../check-seeds.js';
import type { LogFault, LogHealer, LogPlan } from './model-plan.js';
import { runLogModel } from './model-world.js';

const ALL: readonly LogHealer[] = ['hole', 'last', 'go-back'];
const RUNS = seedsOr(5000);

/** Seeds whose runs breach an invariant, with the first breach. */
function failures(plan: LogPlan, runs: number): string[] {
  const failed: string[] = [];
  const [first, last] = onlySeed === undefined ? [1, runs] : [onlySeed, onlySeed];
  for (let seed = first; seed <= last; seed++) {
    const [breach] = runLogModel(seed, plan);
    if (breach !== undefined) failed.push(`SEED=${seed}: ${breach}`);
  }
  return failed;
}

const healedBy = (...healers: LogHealer[]): LogPlan => ({ healers: new Set(healers) });

describe('a feed and a receiver', () => {
  it('bring every entry once and in order, or tell of its absence', () => {
    expect(failures(healedBy(...ALL), RUNS)).toEqual([]);
  });

  it('need a healer', () => {
    expect(failures(healedBy(), 50).length).toBeGreaterThan(10);
  });

  it('need no more than `last` in keep-alive responses', () => {
    expect(failures(healedBy('last'), RUNS / 5)).toEqual([]);
  });

  it('need no more than going back', () => {
    expect(failures(healedBy('go-back'), RUNS / 5)).toEqual([]);
  });

  it.each(['stream', 'datagram'] as const)(
    'need no more than the request after a hole over a %s, if it arrives and something follows',
    (transport) => {
      const plan = {
        ...healedBy('hole'),
        isChaotic: false,
        transport,
        isReliableToServer: true,
        hasCalmEnd: true,
      };
      expect(failures(plan, RUNS / 10)).toEqual([]);
      expect(failures({ ...plan, healers: new Set() }, 20).length).toBeGreaterThan(10);
    },
  );
});

/** Each fault with the healers that do not hide it. */
const FAULTS: readonly (readonly [LogFault, readonly LogHealer[]])[] = [
  ['position-twice', ALL],
  ['no-rewind', ['hole', 'last']],
  ['position-before-handling', ALL],
  ['window-ignored', ALL],
  ['acknowledgement-not-repeated', ['go-back']],
];

describe('the invariants of the log', () => {
  it.each(FAULTS)('detect the fault %s', (fault, healers) => {
    expect(failures({ healers: new Set(healers), fault }, 50).length).toBeGreaterThan(10);
  });

  it.each(FAULTS)('hold without the fault %s, with the same healers', (_fault, healers) => {
    expect(failures(healedBy(...healers), 50)).toEqual([]);
  });
});
