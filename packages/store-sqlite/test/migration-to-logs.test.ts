import type { CopyProgress } from '@imcore/server/ports';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../src/database.js';
import { sqliteStore } from '../src/sqlite-store.js';
import { entries, message, useFiles } from './temporary-folder.js';
import { type OldRow, writeVersion4 } from './version-4.js';

const newFile = useFiles();

describe('a file of version 4', () => {
  /** One row of each kind: message 9000 was resent, and its key is in another generation than its id. */
  const ROWS: readonly OldRow[] = [
    { id: 1, to: 'bob', state: 0, hasPair: true },
    { id: 2, to: 'carol', state: 3, cause: 1, hasPair: true },
    { id: 3, to: 'bob', state: 1, hasPair: true },
    { id: 4, to: 'bob', state: 2 },
    { id: 5, to: 'carol', state: 0 },
    { id: 6, to: 'bob', state: 3, cause: 0 },
    { id: 8, to: 'bob', state: 0, hasPair: true },
    { id: 9000, to: 'bob', state: 0, origin: 7 },
  ];
  const openFile = (rows: readonly OldRow[] = ROWS, onProgress?: (progress: CopyProgress) => void) => {
    const file = newFile();
    writeVersion4(file, rows);
    return sqliteStore({
      ...{ file, wallTime: () => 10, maxAgeMs: Number.POSITIVE_INFINITY, historyMs: 1000 },
      ...(onProgress === undefined ? undefined : { onProgress }),
    });
  };

  it('keeps waiting messages in their order, at positions from 1 on', async () => {
    const store = openFile();
    const places = (await entries(store)).map(({ id, position, kind }) => [id, position, kind]);
    expect(places).toEqual([
      [1, 1, 'message'],
      [8, 2, 'message'],
      [9000, 3, 'message'],
    ]);
    expect(await store.read('carol', 0, 10)).toMatchObject({
      entries: [{ id: 5, position: 1 }],
      removed: 0,
      last: 1,
    });
    expect(await store.append([message('new')])).toEqual([{ outcome: 'stored', id: 9001, position: 4 }]);
    await store.close();
  });

  it('keeps the totals, and knows no device', async () => {
    const store = openFile();
    expect(await store.health()).toMatchObject({ ok: true, waiting: 4, waitingBytes: 43, deadLetters: 2 });
    expect(await store.count('bob')).toEqual({ messages: 3, bytes: 33 });
    expect(await store.devices('bob')).toEqual([]);
    expect(await store.epoch()).toMatch(/^[0-9a-f]{24}$/);
    await store.close();
  });

  it('keeps dead letters with their numbers, which can be resent, and gives new ones larger numbers', async () => {
    const store = openFile();
    expect(await store.deadLetters(0, 10)).toMatchObject([
      { id: 2, messageId: 2, to: 'carol', fingerprint: '2', cause: 'displaced', deadLetteredAt: 7 },
      { id: 6, messageId: 6, to: 'bob', cause: 'expired' },
    ]);
    expect(await store.resend([2], 10)).toBe(1);
    expect((await entries(store, 'carol')).map(({ id, position }) => [id, position])).toEqual([
      [5, 1],
      [2, 2],
    ]);
    expect(await store.discard([6])).toBe(1);
    await store.close();
  });

  it('keeps the history and its conversations', async () => {
    const store = openFile();
    const history = await store.history({ a: 'bob', b: 'alice', limit: 10 });
    expect(history.map(({ id }) => id)).toEqual([8, 3, 1]);
    const lists = await Promise.all(
      ['alice', 'bob', 'carol'].map((userId) => store.conversations({ userId, limit: 10 })),
    );
    expect(lists.flat()).toMatchObject([
      { with: 'bob', last: { id: 8 }, waiting: 0 },
      { with: 'alice', last: { id: 8 }, waiting: 2 },
    ]);
    await store.resend([2], 10);
    expect(await store.conversations({ userId: 'carol', limit: 10 })).toMatchObject([
      { last: { id: 2 }, waiting: 1 },
    ]);
    await store.close();
  });

  it('recognizes a copy of each message', async () => {
    const store = openFile();
    const copies = await store.append(ROWS.map(({ id, to }) => message(`${id}`, to)));
    expect(copies.map(({ outcome }) => outcome)).toEqual(ROWS.map(() => 'duplicate'));
    await store.close();
  });

  it('forgets the keys of messages that were taken before', async () => {
    const file = newFile();
    writeVersion4(file, ROWS);
    const store = sqliteStore({ file, wallTime: () => 10, maxAgeMs: 1e12, rememberMs: 1000, historyMs: 0 });
    await store.confirm([{ userId: 'bob', positions: [1, 2, 3] }]);
    await store.expire(5000, 10);
    await store.close();
    const database = openDatabase(file);
    expect(database.prepare('SELECT id FROM message_key ORDER BY id').all()).toMatchObject([
      { id: 2 },
      { id: 5 },
      { id: 6 },
    ]);
    database.close();
  });

  it('reports the progress', async () => {
    const progress: CopyProgress[] = [];
    const rows = Array.from(
      { length: 25_000 },
      (_, index): OldRow => ({ id: index + 11, to: `user-${index % 7}`, state: 0 }),
    );
    const store = openFile(rows, (step) => progress.push(step));
    expect(progress).toEqual([
      { done: 10_000, total: 25_000 },
      { done: 20_000, total: 25_000 },
      { done: 25_000, total: 25_000 },
    ]);
    const places = (await entries(store, 'user-6')).map(({ id, position }) => [id, position]);
    expect(places).toEqual(Array.from({ length: 3571 }, (_, index) => [index * 7 + 17, index + 1]));
    await store.close();
  });

  it('can be opened when it is empty', async () => {
    const store = openFile([]);
    expect(await store.append([message('1')])).toMatchObject([{ outcome: 'stored', position: 1 }]);
    await store.close();
  });
});
