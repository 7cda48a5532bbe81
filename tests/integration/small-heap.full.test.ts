import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('../attack/dist/main.js', import.meta.url));

describe('a server with a heap of 64 MiB', () => {
  it.each(['made-up-receivers', 'made-up-receivers-on-disk', 'slow-readers'])(
    'lives through the attack %s, and two users write to each other meanwhile',
    { timeout: 60_000 },
    async (attack) => {
      const { stdout } = await run(process.execPath, [MAIN, attack, '--seconds', '15']).catch(
        (error) => error,
      );
      expect(stdout).toContain('1 attack, 0 problems');
    },
  );
});
