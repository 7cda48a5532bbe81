import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sqliteStore } from '../src/sqlite-store.js';
import { message, useFiles } from './temporary-folder.js';

const newFile = useFiles();
const FLIPS = 150;
const MESSAGES = 100;
const inFile = (name: number) => ({ ...message(`${name}`), body: `{"text":"message number ${name}"}` });

/** What a killed server leaves: half of the messages are in the file, the others in its log. */
async function afterKill(): Promise<{ readonly file: Buffer; readonly log: Buffer }> {
  const half = MESSAGES / 2;
  const path = newFile();
  const first = sqliteStore({ file: path });
  for (let name = 0; name < half; name++) await first.append([inFile(name)]);
  await first.close();
  const killed = newFile();
  copyFileSync(path, killed);
  const second = sqliteStore({ file: killed });
  for (let name = half; name < MESSAGES; name++) await second.append([inFile(name)]);
  const left = { file: readFileSync(killed), log: readFileSync(`${killed}-wal`) };
  await second.close();
  return left;
}

/** Opens a store and reads Bob's queue: what arrives unaltered and altered, and how often an error was reported. */
async function readAll(path: string) {
  const seen = { right: 0, altered: 0, errors: 0 };
  let store: ReturnType<typeof sqliteStore>;
  try {
    store = sqliteStore({ file: path });
  } catch {
    return { ...seen, errors: 1 };
  }
  let after = 0;
  while (seen.errors < 10) {
    const page = await store.take('bob', after, 20).catch(() => undefined);
    if (page === undefined) seen.errors += 1;
    if (page?.entries.length === 0) break;
    for (const { fingerprint, from, to, body } of page?.entries ?? []) {
      const isRight = from === 'alice' && to === 'bob' && body === inFile(Number(fingerprint)).body;
      seen[isRight ? 'right' : 'altered'] += 1;
    }
    after = page?.entries.at(-1)?.position ?? after;
  }
  await store.close().catch(() => {});
  return seen;
}

describe('one changed bit, anywhere', () => {
  it.each(['file', 'log'] as const)(
    'of the %s alters no message, and loses none without an error',
    async (where) => {
      const whole = await afterKill();
      const silent: string[] = [];
      for (let flip = 0; flip < FLIPS; flip++) {
        const left = { file: Buffer.from(whole.file), log: Buffer.from(whole.log) };
        // The last commit is left out: damage in it looks like a power cut.
        const length = where === 'file' ? left.file.length : left.log.length - 20 * 4120;
        const at = Math.floor((length * flip) / FLIPS) + ((flip * 37) % 90);
        left[where][at] = (left[where][at] ?? 0) ^ (1 << (flip % 8));
        const path = newFile();
        writeFileSync(path, left.file);
        writeFileSync(`${path}-wal`, left.log);
        const { right, altered, errors } = await readAll(path);
        if (altered > 0 || (right < MESSAGES && errors === 0))
          silent.push(`byte ${at}, bit ${flip % 8}: ${right} right, ${altered} altered`);
      }
      expect(silent).toEqual([]);
    },
    120_000,
  );
});
