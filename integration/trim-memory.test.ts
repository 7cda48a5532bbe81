import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const server = new URL('../packages/server/dist/index.js', import.meta.url).href;

/** Runs a program of its own, whose heap holds nothing of the tests. Ends it after so long at the latest. */
async function runProgram(text: string, timeout: number, ...flags: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [...flags, '--input-type=module', '--eval', text], {
    timeout,
  });
  return stdout;
}

const GROW = `
  import { getHeapSpaceStatistics } from 'node:v8';
  import { trimMemory } from '${server}';
  const young = () =>
    getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').physical_space_size;
  const kept = new Array(60_000).fill(undefined);
  for (let turn = 0; turn < 3_000_000; turn++) kept[turn % kept.length] = { turn };
  const grown = young();
`;

it('a process that has become quiet gives back what its young generation has grown by, and goes on', async () => {
  const output = await runProgram(
    `${GROW}
    // So much is allocated for keep-alives that V8 would not shrink it by itself.
    const beat = setInterval(() => Array.from({ length: 1000 }, () => ({})), 5);
    trimMemory({ logger: { debug(fields, message) {
      setTimeout(() => {
        console.log(JSON.stringify({ ...fields, message, grown, left: young() }));
        clearInterval(beat);
      }, 100);
    } } });`,
    60_000,
  );

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
    const beat = setInterval(() => Array.from({ length: 1000 }, () => ({})), 5);
    trimMemory({ logger: { warn(fields, message) {
      console.log(JSON.stringify({ message, code: fields.err.code, grown }));
      clearInterval(beat);
    } } });`,
    60_000,
    permission,
    '--allow-fs-read=*',
  );
  expect(
    output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ message: 'cannot give memory back', code: 'ERR_ACCESS_DENIED' }]);
});

it('a process is not kept running by it', async () => {
  const output = await runProgram(
    `import { trimMemory } from '${server}'; trimMemory(); console.log('ends');`,
    30_000,
  );
  expect(output).toBe('ends\n');
});
