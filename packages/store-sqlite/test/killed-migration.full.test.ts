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

/** Opens a store, with the built package, and writes a character for each report of the progress. */
const PROGRAM = `
import { writeSync } from 'node:fs';
const [built, file] = process.argv.slice(1);
const { sqliteStore } = await import(built);
sqliteStore({ file, maxAgeMs: Infinity, onProgress: () => writeSync(1, '.') });
writeSync(1, 'open');
setInterval(() => {}, 1000);
`;
const BUILT = new URL('../dist/index.js', import.meta.url).href;

/** Lets another process migrate a file, and kills it after some reports, or when it is open. */
async function killAfter(file: string, reports: number): Promise<void> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, BUILT, file], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let written = '';
  for await (const chunk of child.stdout) {
    written += String(chunk);
    if (written.length >= reports || written.includes('open')) break;
  }
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
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
    let killedBefore = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      await killAfter(file, 1 + (kill % 9));
      const database = openDatabase(file);
      const version = pragma(database, 'user_version');
      database.close();
      expect([4, 5]).toContain(version);
      if (version === 4) killedBefore += 1;
    }
    expect(killedBefore).toBeGreaterThan(KILLS / 2);
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
