import { expect, it } from 'vitest';
import { built, runProgram } from './run-program.js';

const GROW = `
  import { getHeapSpaceStatistics } from 'node:v8';
  import { trimMemory } from '${built('cli/dist/process-memory/index.js')}';
  const young = () =>
    getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').physical_space_size;
  const kept = new Array(60_000).fill(undefined);
  for (let turn = 0; turn < 3_000_000; turn++) kept[turn % kept.length] = { turn };
  const grown = young();
  // Allocates as much as keep-alives do, so that V8 does not shrink it by itself.
  const beat = setInterval(() => Array.from({ length: 1000 }, () => ({})), 5);
`;

it('returns the memory of a grown young generation when the process is quiet, and the process continues', async () => {
  const output = await runProgram(`${GROW}
    trimMemory({ logger: { debug(fields, message) {
      const left = young();
      // A new timer shows that the process continues.
      setTimeout(() => {
        console.log(JSON.stringify({ ...fields, message, grown, left }));
        clearInterval(beat);
      }, 1);
    } } });`);

  const { message, grown, left, freedBytes, tookMs } = JSON.parse(output);
  expect(message).toBe('returned memory to the operating system');
  expect(grown).toBeGreaterThanOrEqual(16 * 1024 * 1024);
  expect(left).toBeLessThan(grown / 2);
  expect(freedBytes).toBeGreaterThan(8 * 1024 * 1024);
  expect(tookMs).toBeGreaterThan(0);
});

it('logs a warning when the inspector is not permitted, and the process continues', async () => {
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
  expect(JSON.parse(output)).toEqual({
    message: 'cannot return memory to the operating system',
    code: 'ERR_ACCESS_DENIED',
  });
});

it('does not keep the process running', async () => {
  const output = await runProgram(
    `import { trimMemory } from '${built('cli/dist/process-memory/index.js')}'; trimMemory(); console.log('ends');`,
  );
  expect(output).toBe('ends\n');
});
