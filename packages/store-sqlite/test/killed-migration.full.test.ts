import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../src/database.js';
import { pragma } from '../src/schema.js';
import { sqliteStore } from '../src/sqlite-store.js';
import { entries, useFiles } from './temporary-folder.js';
import { type OldRow, writeVersion4 } from './version-4.js';

const newFile = useFiles();
const MESSAGES = 100_000;
const USERS = 1000;
const KILLS = 20;

/** Opens a store, with the built package, and is killed at one of the reports of the progress. */
const PROGRAM = `
const [built, file, reports] = process.argv.slice(1);
const { sqliteStore } = await import(built);
let left = Number(reports);
const onProgress = () => {
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
};
sqliteStore({ file, maxAgeMs: Infinity, onProgress });
`;
const BUILT = new URL('../dist/index.js', import.meta.url).href;

/** Lets another process migrate a file, and be killed in the middle of it. Returns the signal that ended it. */
async function killAt(file: string, reports: number): Promise<unknown> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, BUILT, file, `${reports}`], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: 'inherit',
  });
  const [, signal] = await once(child, 'exit');
  return signal;
}

describe('a file whose migration was killed', () => {
  it(`is as before, ${KILLS} times, and loses nothing`, async () => {
    const file = newFile();
    writeVersion4(
      file,
      (function* (): Generator<OldRow> {
        for (let id = 1; id <= MESSAGES; id++) yield { id, to: `user-${id % USERS}`, state: 0 };
      })(),
    );
    for (let kill = 0; kill < KILLS; kill++) {
      expect(await killAt(file, 1 + (kill % (MESSAGES / 10_000)))).toBe('SIGKILL');
      const database = openDatabase(file);
      expect(pragma(database, 'user_version')).toBe(4);
      database.close();
    }
    const store = sqliteStore({ file, maxAgeMs: Number.POSITIVE_INFINITY });
    expect(await store.health()).toMatchObject({ ok: true, waiting: MESSAGES });
    for (let user = 0; user < USERS; user++) {
      const found = (await entries(store, `user-${user}`)).map(({ id, position }) => [id, position]);
      const first = user === 0 ? USERS : user;
      expect(found).toEqual(
        Array.from({ length: MESSAGES / USERS }, (_, index) => [first + index * USERS, index + 1]),
      );
    }
    await store.close();
  }, 300_000);
});
