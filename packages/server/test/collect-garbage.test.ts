import { getHeapSpaceStatistics } from 'node:v8';
import { expect, it } from 'vitest';
import { collectGarbage } from '../src/memory/collect-garbage.js';

const MIB = 1024 * 1024;

function youngBytes(): number {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  return space?.physical_space_size ?? 0;
}

it('gives back what the young generation has grown by, and the process goes on', async () => {
  // What survives makes it grow.
  const kept = new Array<object | undefined>(60_000).fill(undefined);
  for (let turn = 0; turn < 3_000_000; turn++) kept[turn % kept.length] = { turn };
  const grown = youngBytes();

  await collectGarbage();
  expect(grown).toBeGreaterThanOrEqual(16 * MIB);
  expect(youngBytes()).toBeLessThan(8 * MIB);

  await collectGarbage();
  await new Promise((resolve) => setTimeout(resolve, 20));
});
