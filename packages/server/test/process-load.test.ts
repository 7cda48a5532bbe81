import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { watchLoad } from '../src/process-memory/process-load.js';

it('a process whose event loop is always busy has a load of 1 at least, one that waits has less', async () => {
  const load = watchLoad();
  let sum = 0;
  for (let i = 0; i < 20_000_000; i++) sum += Math.sqrt(i);
  expect(sum).toBeGreaterThan(0);
  expect(load()).toBeGreaterThanOrEqual(1);
  await sleep(300);
  expect(load()).toBeLessThan(0.9);
});
