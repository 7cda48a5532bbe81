import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { watchLoad } from '../src/process-memory/process-load.js';

it('a process whose event loop is always busy has a load of 1 at least, one that waits has less', async () => {
  const load = watchLoad();
  const until = performance.now() + 30;
  while (performance.now() < until);
  expect(load()).toBeGreaterThanOrEqual(1);
  await sleep(300);
  expect(load()).toBeLessThan(0.9);
});
