import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { watchLoad } from '../../src/process-memory/process-load.js';

it('reports a load of at least 1 for a busy event loop, and less for a waiting one', async () => {
  const load = watchLoad();
  let sum = 0;
  for (let i = 0; i < 20_000_000; i++) sum += Math.sqrt(i);
  expect(sum).toBeGreaterThan(0);
  expect(load()).toBeGreaterThanOrEqual(1);
  await sleep(300);
  expect(load()).toBeLessThan(0.9);
});
