import { copyFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MessageStore } from '@imcore/server/ports';
import { afterEach, describe, expect, it } from 'vitest';
import type { SqliteStoreOptions } from '../src/sqlite-options.js';
import { openSqliteStore, sqliteStore } from '../src/sqlite-store.js';
import { sqliteStoreTools } from '../src/sqlite-tools.js';
import { useOtherProcesses } from './other-process.js';
import { fingerprints, message, useFiles } from './temporary-folder.js';

const newFile = useFiles();
const start = useOtherProcesses();
const stores: MessageStore[] = [];
const open = (options: SqliteStoreOptions) => {
  const store = sqliteStore(options);
  stores.push(store);
  return store;
};
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

/** The longest time for which the event loop stood still while the work ran, in milliseconds. */
async function longestStandstill(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await sleep(20);
  delay.reset();
  await work();
  await sleep(20);
  delay.disable();
  return delay.max / 1e6;
}

describe('a sqliteStore whose file another process has locked', () => {
  it('stores when the lock is gone, in order, and never waits on the event loop', async () => {
    const file = newFile();
    const store = open({ file });
    const other = start(file);
    await other.run('BEGIN IMMEDIATE');
    let stored = 0;
    const appends: Promise<unknown>[] = [];
    const standstill = await longestStandstill(async () => {
      for (let index = 0; index < 20; index++) {
        const appended = store.append([message(`${index}`)]);
        appends.push(appended.then(() => stored++));
        await sleep(20);
      }
    });
    expect(stored).toBe(0);
    expect(standstill).toBeLessThan(200);
    await other.run('COMMIT');
    await Promise.all(appends);
    expect(await fingerprints(store)).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`));
  });

  it('rejects after lockTimeoutMs, says so in its health, and stores again later', async () => {
    const file = newFile();
    const store = open({ file, lockTimeoutMs: 50 });
    const other = start(file);
    await other.run('BEGIN EXCLUSIVE');
    const append = store.append([message('1')]);
    await expect(append).rejects.toMatchObject({
      code: 'ERR_STORE_LOCKED',
      message: expect.stringContaining('lockTimeoutMs'),
    });
    expect(await store.health()).toMatchObject({
      ok: false,
      problem: expect.stringContaining('ERR_STORE_LOCKED'),
    });
    await other.run('COMMIT');
    await store.append([message('2')]);
    expect(await fingerprints(store)).toEqual(['2']);
    expect(await store.health()).toEqual({ ok: true, waiting: 1, waitingBytes: 10, deadLetters: 0 });
  });

  it('reads meanwhile', async () => {
    const file = newFile();
    const store = open({ file });
    await store.append([message('1')]);
    await start(file).run('BEGIN IMMEDIATE');
    expect(await fingerprints(store)).toEqual(['1']);
    expect(await store.history({ a: 'alice', b: 'bob', limit: 10 })).toEqual([]);
  });

  it('rejects further calls when too many wait', async () => {
    const file = newFile();
    const store = open({ file });
    const other = start(file);
    await other.run('BEGIN IMMEDIATE');
    const first = store.append([message('first')]);
    await sleep(20);
    const large = { ...message('large'), body: 'x'.repeat(8 * 1024 * 1024) };
    const outcomes = Promise.allSettled([
      store.append([large]),
      store.append([{ ...large, fingerprint: 'second' }]),
      store.append([{ ...large, fingerprint: 'third' }]),
      ...Array.from({ length: 1100 }, (_, index) =>
        store.confirm([{ userId: 'bob', positions: [index + 100] }]),
      ),
    ]);
    await sleep(20);
    await other.run('COMMIT');
    await first;
    const [one, two, third, ...confirms] = await outcomes;
    expect([one, two]).toMatchObject([{ status: 'fulfilled' }, { status: 'fulfilled' }]);
    expect(third).toMatchObject({ reason: { code: 'ERR_STORE_LOCKED' } });
    const rejected = confirms.filter(({ status }) => status === 'rejected');
    expect(rejected.length).toBeGreaterThan(70);
    expect(rejected[0]).toMatchObject({ reason: { code: 'ERR_STORE_LOCKED' } });
  });

  it('expires and forgets nothing meanwhile, and does both later', async () => {
    const file = newFile();
    const store = open({ file, maxAgeMs: 1000 });
    await store.append([message('1')]);
    const other = start(file);
    await other.run('BEGIN IMMEDIATE');
    const expired = store.expire(100_000, 10);
    const standstill = await longestStandstill(() => sleep(100));
    await other.run('COMMIT');
    expect(await expired).toMatchObject({ deadLetters: [{ fingerprint: '1' }] });
    expect(standstill).toBeLessThan(100);
  });

  it('completes its calls before it closes, or rejects them', async () => {
    const file = newFile();
    const store = sqliteStore({ file, lockTimeoutMs: 300 });
    const other = start(file);
    await other.run('BEGIN IMMEDIATE');
    const append = store.append([message('1')]);
    const closed = store.close();
    await sleep(30);
    await other.run('COMMIT');
    expect(await append).toMatchObject([{ outcome: 'stored' }]);
    await closed;
    const again = sqliteStore({ file, lockTimeoutMs: 30 });
    await other.run('BEGIN IMMEDIATE');
    const refused = again.append([message('2')]);
    const outcome = expect(refused).rejects.toMatchObject({ code: 'ERR_STORE_LOCKED' });
    await again.close();
    await outcome;
  });
});

/** A store's file that this process has never opened. A closed connection may hold its lock until garbage collection. */
async function fileOfAnotherProcess(): Promise<string> {
  const file = newFile();
  await sqliteStore({ file }).close();
  copyFileSync(file, `${file}-copy`);
  return `${file}-copy`;
}

describe('opening a file that another process has locked', () => {
  it('fails at once with sqliteStore', async () => {
    const file = await fileOfAnotherProcess();
    await start(file).run('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    expect(() => sqliteStore({ file })).toThrowError(expect.objectContaining({ code: 'ERR_STORE_LOCKED' }));
  });

  it('waits for lockTimeoutMs with openSqliteStore, but not on the event loop', async () => {
    const file = await fileOfAnotherProcess();
    await start(file).run('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    const standstill = await longestStandstill(async () => {
      await expect(openSqliteStore({ file, lockTimeoutMs: 200 })).rejects.toMatchObject({
        code: 'ERR_STORE_LOCKED',
      });
    });
    expect(standstill).toBeLessThan(100);
  });

  it('succeeds with openSqliteStore when the lock is released in time', async () => {
    const file = await fileOfAnotherProcess();
    const other = start(file);
    await other.run('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    const opening = openSqliteStore({ file });
    await sleep(50);
    await other.kill();
    await (await opening).close();
  });

  it('succeeds at once while a shell only writes: the lock concerns appends', async () => {
    const file = await fileOfAnotherProcess();
    await start(file).run('BEGIN IMMEDIATE');
    const store = open({ file, lockTimeoutMs: 30 });
    expect(await store.health()).toMatchObject({ ok: true });
  });
});

describe('the tools of a store whose file another process has locked', () => {
  it('wait for lockTimeoutMs, but not on the event loop', async () => {
    const file = newFile();
    await sqliteStore({ file }).close();
    const tools = sqliteStoreTools({ file, lockTimeoutMs: 100 });
    const other = start(file);
    await other.run('BEGIN IMMEDIATE');
    const standstill = await longestStandstill(async () => {
      await expect(tools.discard([1])).rejects.toMatchObject({ code: 'ERR_STORE_LOCKED' });
    });
    expect(standstill).toBeLessThan(100);
    await other.run('COMMIT');
    expect(await tools.discard([1])).toBe(0);
    await tools.close();
  });
});
