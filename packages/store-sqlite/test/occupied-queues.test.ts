import { describe, expect, it } from 'vitest';
import { connect } from '../src/connection.js';
import { OccupiedQueues } from '../src/occupied-queues.js';
import { sqliteStore } from '../src/sqlite-store.js';
import { sqliteStoreTools } from '../src/sqlite-tools.js';
import { entries, message, useFiles } from './temporary-folder.js';

const newFile = useFiles();

const idsOf = (waiting: readonly { id: number }[]) => waiting.map(({ id }) => id);

describe('OccupiedQueues', () => {
  it('are loaded from an existing file, until their last message is confirmed', async () => {
    const file = newFile();
    const first = sqliteStore({ file });
    await first.append([message('1'), message('2')]);
    await first.close();
    const second = sqliteStore({ file });
    expect(idsOf(await entries(second))).toEqual([1, 2]);
    await second.confirm([{ userId: 'bob', positions: [1] }]);
    expect(idsOf(await entries(second))).toEqual([2]);
    await second.confirm([{ userId: 'bob', positions: [2] }]);
    expect(await entries(second)).toEqual([]);
    await second.append([message('3')]);
    expect(idsOf(await entries(second))).toEqual([3]);
    await second.close();
  });

  it('let the store answer at once that a queue is empty, until it is closed', async () => {
    const store = sqliteStore({ file: newFile() });
    const isEmptyFor = (userId: string) => store.isEmptyFor?.(userId);
    await store.append([message('1')]);
    expect([isEmptyFor('bob'), isEmptyFor('carol')]).toEqual([false, true]);
    await store.confirm([{ userId: 'bob', positions: [1] }]);
    expect(isEmptyFor('bob')).toBe(true);
    await store.close();
    expect(isEmptyFor('bob')).toBe(false);
  });

  it('notice a dead letter that another process has resent, and what this process wrote meanwhile', async () => {
    const file = newFile();
    let now = 5000;
    const store = sqliteStore({ file, maxAgeMs: 1000, wallTime: () => now });
    await store.append([message('1')]);
    await store.expire(5000, 10);
    expect(await entries(store)).toEqual([]);
    const tools = sqliteStoreTools({ file });
    expect(await tools.resend([1], 5000)).toBe(1);
    now += 5;
    await store.append([{ ...message('2'), to: 'carol' }]);
    expect((await entries(store)).map(({ fingerprint }) => fingerprint)).toEqual(['1']);
    expect((await entries(store, 'carol')).map(({ fingerprint }) => fingerprint)).toEqual(['2']);
    await tools.close();
    await store.close();
  });

  it('ignore a transaction that was rolled back', async () => {
    const file = newFile();
    const store = sqliteStore({ file });
    await entries(store);
    const broken = { ...message('2'), acceptedAt: 'never' as unknown as number };
    await expect(store.append([message('1'), broken])).rejects.toMatchObject({ code: 'ERR_STORE_FAILED' });
    expect(await entries(store)).toEqual([]);
    await store.append([message('3')]);
    expect(await entries(store)).toHaveLength(1);
    await store.close();
  });

  it('are looked up in the database when there are too many to load', () => {
    const { database, lock } = connect(newFile(), { isServer: true, maxCheckedBytes: 0 });
    const insert = database.prepare(
      'INSERT INTO user (id, last, taken, v6, devices, waiting, waiting_bytes) VALUES (?, 1, 0, 0, 0, 1, 1)',
    );
    database.exec('BEGIN');
    for (let user = 0; user < 20_000; user++) insert.run(`user-${user}`);
    database.exec('COMMIT');
    const few = new OccupiedQueues(database);
    expect(few.isEmptyFor('user-7', 0)).toBe(false);
    const strangers = Array.from({ length: 1000 }, (_, index) => `stranger-${index}`);
    // 20 000 queues in 65 536 buckets: one in four other users shares a bucket.
    expect(strangers.filter((user) => few.isEmptyFor(user, 0)).length).toBeGreaterThan(600);
    insert.run('one more');
    const many = new OccupiedQueues(database);
    expect(strangers.filter((user) => many.isEmptyFor(user, 0))).toEqual([]);
    database.close();
    lock?.close();
  });

  it('report no empty queue when the database cannot be read', () => {
    const { database, lock } = connect(newFile(), { isServer: true, maxCheckedBytes: 0 });
    const occupied = new OccupiedQueues(database);
    expect(occupied.isEmptyFor('bob', 0)).toBe(true);
    database.close();
    expect(occupied.isEmptyFor('bob', 4)).toBe(true);
    expect(occupied.isEmptyFor('bob', 5)).toBe(false);
    lock?.close();
  });
});
