import { expect, it } from 'vitest';
import { built, runProgram } from './run-program.js';

const GROW = `
  import { getHeapSpaceStatistics } from 'node:v8';
  import { trimMemory } from '${built('server/dist/index.js')}';
  const young = () =>
    getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').physical_space_size;
  const kept = new Array(60_000).fill(undefined);
  for (let turn = 0; turn < 3_000_000; turn++) kept[turn % kept.length] = { turn };
  const grown = young();
  // So much is allocated for keep-alives that V8 would not shrink it by itself.
  const beat = setInterval(() => Array.from({ length: 1000 }, () => ({})), 5);
`;

it('a process that has become quiet gives back what its young generation has grown by, and goes on', async () => {
  const output = await runProgram(`${GROW}
    trimMemory({ logger: { debug(fields, message) {
      const left = young();
      // A timer of its own shows that the process goes on.
      setTimeout(() => {
        console.log(JSON.stringify({ ...fields, message, grown, left }));
        clearInterval(beat);
      }, 1);
    } } });`);

  const { message, grown, left, givenBackBytes, tookMs } = JSON.parse(output);
  expect(message).toBe('gave memory back');
  expect(grown).toBeGreaterThanOrEqual(16 * 1024 * 1024);
  expect(left).toBeLessThan(grown / 2);
  expect(givenBackBytes).toBeGreaterThan(8 * 1024 * 1024);
  expect(tookMs).toBeGreaterThan(0);
});

it('says that it cannot, where the inspector is forbidden, and goes on', async () => {
  const permission = process.versions.node.startsWith('20.') ? '--experimental-permission' : '--permission';
  const output = await runProgram(
    `${GROW}
    trimMemory({ logger: { warn({ err }, message) {
      console.log(JSON.stringify({ message, code: err.code }));
      clearInterval(beat);
    } } });`,
    permission,
    '--allow-fs-read=*',
  );
  expect(JSON.parse(output)).toEqual({ message: 'cannot give memory back', code: 'ERR_ACCESS_DENIED' });
});

it('a process is not kept running by it', async () => {
  const output = await runProgram(
    `import { trimMemory } from '${built('server/dist/index.js')}'; trimMemory(); console.log('ends');`,
  );
  expect(output).toBe('ends\n');
});
