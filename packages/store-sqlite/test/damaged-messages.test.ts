import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../src/database.js';
import { repairSqliteStore } from '../src/repair.js';
import { sqliteStore } from '../src/sqlite-store.js';
import { sqliteStoreTools } from '../src/sqlite-tools.js';
import { entries, fingerprints, message, useFiles } from './temporary-folder.js';

const newFile = useFiles();

describe('a message that was altered in the file', () => {
  /** Changes one bit of a stored message, as a failing disk does. */
  async function altered(what: 'body' | 'sender' = 'body', historyMs = 0) {
    const file = newFile();
    const first = sqliteStore({ file, historyMs });
    await first.append(
      ['1', '2', '3'].map((name) => ({ ...message(name), body: `{"text":"number ${name}"}` })),
    );
    await first.close();
    const copy = newFile();
    const bytes = readFileSync(file);
    // The row of message 2: its text columns are sender and fingerprint, and at its end the body.
    const at = what === 'body' ? bytes.indexOf('number 2') : bytes.indexOf('alice2');
    bytes[at] = (bytes[at] ?? 0) ^ 4;
    writeFileSync(copy, bytes);
    return copy;
  }

  it.each(['body', 'sender'] as const)('is not delivered, but set aside and reported: %s', async (what) => {
    const store = sqliteStore({ file: await altered(what) });
    await expect(store.take('bob', 0, 10)).rejects.toMatchObject({
      code: 'ERR_STORE_DAMAGED',
      message: expect.stringContaining('message 2'),
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(await fingerprints(store)).toEqual(['1', '3']);
    expect(await store.deadLetters(0, 10)).toMatchObject([{ id: 1, messageId: 2, cause: 'damaged' }]);
    expect(await store.count('bob')).toMatchObject({ messages: 2 });
    expect(await store.health()).toMatchObject({
      ok: true,
      waiting: 2,
      deadLetters: 1,
      problem: expect.stringContaining('ERR_STORE_DAMAGED'),
    });
    expect(await store.resend([1], 5)).toBe(0);
    expect(await store.discard([1])).toBe(1);
    await store.close();
  });

  it('does not stop the messages behind it', async () => {
    const store = sqliteStore({ file: await altered() });
    await expect(store.take('bob', 0, 2)).rejects.toMatchObject({ code: 'ERR_STORE_DAMAGED' });
    expect((await entries(store, 'bob', 0, 2)).map(({ id }) => id)).toEqual([1, 3]);
    await store.close();
  });

  it('is left out of the history', async () => {
    const store = sqliteStore({ file: await altered('body', 1000), historyMs: 1000 });
    const query = { a: 'alice', b: 'bob', limit: 10 };
    await expect(store.history(query)).rejects.toMatchObject({ code: 'ERR_STORE_DAMAGED' });
    expect((await store.history(query)).map(({ id }) => id)).toEqual([3, 1]);
    await store.close();
  });

  it('is reported by the tools', async () => {
    const tools = sqliteStoreTools({ file: await altered() });
    await expect(tools.waiting('bob', 0, 10)).rejects.toMatchObject({ code: 'ERR_STORE_DAMAGED' });
    expect((await tools.waiting('bob', 0, 10)).map(({ id }) => id)).toEqual([1, 3]);
    await tools.close();
  });
});

describe('the logs of the users in a file', () => {
  /** A file with three waiting messages, changed by SQL or in its bytes. */
  async function changed(sql: string | undefined, from = '', to = ''): Promise<string> {
    const file = newFile();
    const store = sqliteStore({ file });
    await store.append([message('1', 'carol'), message('2', 'carol'), message('3', 'dave')]);
    await store.close();
    const copy = newFile();
    const text = readFileSync(file, 'latin1');
    writeFileSync(copy, text.replaceAll(from, to), 'latin1');
    if (sql === undefined) return copy;
    const database = openDatabase(copy);
    database.exec(sql);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    const left = newFile();
    copyFileSync(copy, left);
    return left;
  }

  it.each([
    ['a user in the index', undefined, 'dave\u0002', 'davf\u0002'],
    ['the size of a queue', "UPDATE user SET waiting = 1 WHERE id = 'carol'", '', ''],
    ['what the v6 device has taken', "UPDATE user SET v6 = 1 WHERE id = 'carol'", '', ''],
    ['the last position', "UPDATE user SET last = 1 WHERE id = 'carol'", '', ''],
    ['an entry that is missing', 'DELETE FROM entry WHERE message = 3', '', ''],
    ['an entry at another position', 'UPDATE entry SET position = 5 WHERE message = 1', '', ''],
    [
      'an entry in the log of another user',
      'UPDATE entry SET user = 2, position = 2 WHERE message = 1',
      '',
      '',
    ],
    ['an entry of another kind', 'UPDATE entry SET kind = 1 WHERE message = 3', '', ''],
    ['an entry that was taken', 'UPDATE entry SET taken = 1 WHERE message = 3', '', ''],
  ])('are compared with the messages, and can be rebuilt: %s', async (_, sql, from, to) => {
    const file = await changed(sql, from, to);
    expect(() => sqliteStore({ file })).toThrowError(
      expect.objectContaining({
        code: 'ERR_STORE_DAMAGED',
        message: expect.stringContaining('logs of its users'),
      }),
    );
    expect(repairSqliteStore(file)).toEqual({
      problem: 'the logs of users differed from the messages',
      copy: undefined,
    });
    const store = sqliteStore({ file });
    expect(await fingerprints(store, 'carol')).toEqual(['1', '2']);
    expect(await fingerprints(store, 'dave')).toEqual(['3']);
    expect(await store.health()).toMatchObject({ waiting: 3, waitingBytes: 30 });
    await store.close();
  });
});
