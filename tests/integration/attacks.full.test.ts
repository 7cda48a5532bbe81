import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ATTACKS } from '../attack/src/attacks.js';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('../attack/dist/main.js', import.meta.url));

/** The short form: a few seconds for each attack. */
const SHORT = ['--seconds', '3', '--frames', '100000'];

describe.each(Object.keys(ATTACKS))('the attack %s', (name) => {
  it('finds no problem', { timeout: 120_000 }, async () => {
    const { stdout } = await run(process.execPath, [MAIN, name, ...SHORT]).catch((error) => error);
    console.info(stdout);
    expect(stdout).toContain('1 attack, 0 problems');
  });
});
