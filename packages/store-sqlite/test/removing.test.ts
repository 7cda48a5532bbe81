import { copyFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../src/database.js';
import { areQueuesRight } from '../src/queue-check.js';
import { numberOf } from '../src/rows.js';
import { sqliteStore } from '../src/sqlite-store.js';
import { message, useFiles } from './temporary-folder.js';

const newFile = useFiles();

/** Rows of tables, read by another connection. */
function countsOf(file: string): {
  readonly entries: number;
  readonly bodies: number;
  readonly keys: number;
} {
  const database = openDatabase(file);
  const row = database
    .prepare(
      `SELECT (SELECT count(*) FROM entry) AS entries, (SELECT count(body) FROM message) AS bodies,
       (SELECT count(*) FROM message_key) AS keys`,
    )
    .get();
  database.close();
  return { entries: numberOf(row, 'entries'), bodies: numberOf(row, 'bodies'), keys: numberOf(row, 'keys') };
}

const many = (count: number, prefix = '') =>
  Array.from({ length: count }, (_, index) => message(`${prefix}${index + 1}`));
const positions = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('a sqliteStore removes', () => {
  it('taken entries while it is used, without a call of expire', async () => {
    const file = newFile();
    const store = sqliteStore({ file });
    await store.append(many(1000));
    for (let at = 0; at < 1000; at += 10)
      await store.confirm([{ userId: 'bob', positions: positions(1000).slice(at, at + 10) }]);
    expect(countsOf(file).entries).toBeLessThan(300);
    expect(countsOf(file).bodies).toBeLessThan(300);
    await store.close();
    expect(countsOf(file)).toEqual({ entries: 0, bodies: 0, keys: 1000 });
  });

  it('keys while it is used, up to the time of the last expire', async () => {
    const file = newFile();
    let now = 1_000_000;
    const store = sqliteStore({ file, rememberMs: 1000, wallTime: () => now });
    for (let round = 0; round < 10; round++) {
      await store.append(many(200, `${round}-`));
      await store.confirm([{ userId: 'bob', positions: positions((round + 1) * 200) }]);
      now += 2000;
      if (round === 4) await store.expire(now, 10);
    }
    expect(countsOf(file).keys).toBe(1000);
    await store.close();
  });

  it('what a killed process has left, at the next calls of expire', async () => {
    const file = newFile();
    const store = sqliteStore({ file });
    await store.append(many(100));
    await store.confirm([{ userId: 'bob', positions: positions(50) }]);
    const left = newFile();
    for (const suffix of ['', '-wal']) copyFileSync(file + suffix, left + suffix);
    await store.close();
    const again = sqliteStore({ file: left, maxAgeMs: Number.POSITIVE_INFINITY });
    expect(countsOf(left).entries).toBe(100);
    await again.expire(1_000_000, 10);
    expect(countsOf(left)).toEqual({ entries: 50, bodies: 50, keys: 100 });
    expect(await again.count('bob')).toMatchObject({ messages: 50 });
    await again.close();
  });

  it('nothing twice and everything in the end, when transactions fail in between', async () => {
    const file = newFile();
    const store = sqliteStore({ file });
    await store.append(many(400));
    const poison = { ...message('poison'), acceptedAt: Number.NaN };
    for (let at = 0; at < 400; at += 100) {
      const taken = [{ userId: 'bob', positions: positions(400).slice(at, at + 100) }];
      const failed = await Promise.allSettled([store.confirm(taken), store.append([poison])]);
      expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      expect(await store.count('bob')).toMatchObject({ messages: 400 - at });
      await store.confirm(taken);
    }
    await store.close();
    expect(countsOf(file)).toEqual({ entries: 0, bodies: 0, keys: 400 });
    const database = openDatabase(file);
    expect(areQueuesRight(database)).toBe(true);
    database.close();
  });
});
