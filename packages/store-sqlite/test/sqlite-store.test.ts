import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoredMessage } from '@imcore/server/ports';
import { describeMessageStore } from '@imcore/testkit/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../src/database.js';
import { sqliteStore } from '../src/sqlite-store.js';

let folder = '';
let files = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'imcore-sqlite-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function newFile(): string {
  files += 1;
  return join(folder, `${files}.db`);
}

function message(fingerprint: string, to = 'bob'): StoredMessage {
  return { to, from: 'alice', fingerprint, body: `{"fp":"${fingerprint}"}`, acceptedAt: 1 };
}

describeMessageStore(
  'sqliteStore',
  ({ retention: { maxPerUser = 100_000, rememberMs = 60_000 }, wallTime }) =>
    Promise.resolve(sqliteStore({ file: newFile(), maxPerUser, rememberMs, wallTime })),
  {
    without: ['confirming', 'bounds', 'displacing', 'expiry', 'deadLetters', 'history', 'health', 'oddities'],
  },
);

describe('sqliteStore as a file', () => {
  it('still has after a reopening what waited before, and knows what was confirmed', async () => {
    const file = newFile();
    const first = sqliteStore({ file });
    const [one] = await first.append([message('1'), message('2')]);
    await first.confirm([{ userId: 'bob', ids: one?.outcome === 'stored' ? [one.id] : [] }]);
    await first.close();
    const second = sqliteStore({ file });
    expect((await second.take('bob', undefined, 10)).map(({ fingerprint }) => fingerprint)).toEqual(['2']);
    expect(await second.append([message('1')])).toEqual([{ outcome: 'duplicate', id: undefined }]);
    await second.close();
  });

  it('never gives an id twice, so that a cursor of before a restart stays right', async () => {
    const file = newFile();
    const first = sqliteStore({ file, rememberMs: 0, wallTime: () => 1_000_000 });
    const [one] = await first.append([message('1')]);
    const firstId = one?.outcome === 'stored' ? one.id : 0;
    await first.confirm([{ userId: 'bob', ids: [firstId] }]);
    await first.close();
    const second = sqliteStore({ file });
    const [two] = await second.append([message('2')]);
    expect(two?.outcome === 'stored' ? two.id : 0).toBeGreaterThan(firstId);
    await second.close();
  });

  it('forgets a confirmed fingerprint when it was remembered long enough', async () => {
    let now = 1_000_000;
    const store = sqliteStore({ file: newFile(), rememberMs: 1000, wallTime: () => now });
    const [one, two] = await store.append([message('1'), message('2')]);
    await store.confirm([{ userId: 'bob', ids: one?.outcome === 'stored' ? [one.id] : [] }]);
    now += 120_000;
    await store.confirm([{ userId: 'bob', ids: two?.outcome === 'stored' ? [two.id] : [] }]);
    expect(await store.append([message('1')])).toMatchObject([{ outcome: 'stored' }]);
    await store.close();
  });

  it('refuses a file that is not a database', () => {
    const file = newFile();
    writeFileSync(
      file,
      'this is a letter to my aunt, and no database at all, but long enough to look like something '.repeat(
        20,
      ),
    );
    expect(() => sqliteStore({ file })).toThrowError(expect.objectContaining({ code: 'ERR_STORE_FAILED' }));
  });

  it('refuses a file of a newer version, and says so', () => {
    const file = newFile();
    const database = openDatabase(file);
    database.exec('PRAGMA application_id = 1768776559; PRAGMA user_version = 99');
    database.close();
    expect(() => sqliteStore({ file })).toThrowError(/schema version 99, this version knows up to/);
  });

  it("refuses another program's database", () => {
    const file = newFile();
    const database = openDatabase(file);
    database.exec('PRAGMA application_id = 1234');
    database.close();
    expect(() => sqliteStore({ file })).toThrowError(/another program/);
  });

  it('refuses a folder that is not there', () => {
    expect(() => sqliteStore({ file: join(folder, 'nowhere', 'x.db') })).toThrowError(/cannot open/);
  });

  it('rejects calls after close', async () => {
    const store = sqliteStore({ file: newFile() });
    await store.close();
    await expect(store.append([message('1')])).rejects.toMatchObject({ code: 'ERR_STORE_CLOSED' });
  });
});
