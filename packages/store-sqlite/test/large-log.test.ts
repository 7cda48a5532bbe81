import { statSync } from 'node:fs';
import type { MessageStore } from '@imcore/server/ports';
import { afterEach, describe, expect, it } from 'vitest';
import type { SqliteStoreOptions } from '../src/sqlite-options.js';
import { sqliteStore } from '../src/sqlite-store.js';
import { useOtherProcesses } from './other-process.js';
import { message, useFiles } from './temporary-folder.js';

const newFile = useFiles();
const start = useOtherProcesses();
const MIB = 1024 * 1024;
const stores: MessageStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

/** A store, and another process that reads its file: it holds a snapshot until it commits. */
async function besideReader(options: Partial<SqliteStoreOptions> = {}) {
  const file = newFile();
  const store = sqliteStore({ file, maxBytesPerUser: 1024 * MIB, ...options });
  stores.push(store);
  await store.append([message('0')]);
  const reader = start(file);
  await reader.run('BEGIN; SELECT count(*) FROM message');
  let count = 0;
  /** Stores messages of 1 MiB. */
  const append = async (messages: number) => {
    for (let index = 0; index < messages; index++)
      await store.append([{ ...message(`large ${count++}`), body: 'x'.repeat(MIB) }]);
  };
  return { file, store, reader, append, logMiB: () => statSync(`${file}-wal`).size / MIB };
}

describe('the log of a sqliteStore beside a process that reads for a long time', () => {
  it('grows, names the reader, and is cut when it has ended, without a further commit', async () => {
    const { store, reader, append, logMiB } = await besideReader();
    await append(60);
    expect(logMiB()).toBeGreaterThan(60);
    const { ok, problem } = await store.health();
    expect(ok).toBe(true);
    expect(problem).toContain('cannot be cut');
    if (process.platform === 'linux') expect(problem).toContain(`process ${reader.pid} (`);
    await reader.run('COMMIT');
    await expect.poll(logMiB, { timeout: 10_000, interval: 100 }).toBe(0);
    await expect.poll(async () => (await store.health()).problem).toBeUndefined();
  });

  it('is bounded by maxLogBytes, and messages are stored again later', async () => {
    const { store, reader, append, logMiB } = await besideReader({ maxLogBytes: 64 * MIB });
    const rejected = append(80);
    await expect(rejected).rejects.toMatchObject({
      code: 'ERR_STORE_LOCKED',
      message: expect.stringContaining('maxLogBytes'),
    });
    expect(logMiB()).toBeLessThan(70);
    expect(await store.health()).toMatchObject({
      ok: false,
      problem: expect.stringContaining('maxLogBytes'),
    });
    await reader.run('COMMIT');
    await expect
      .poll(() => store.append([message('later')]).then(() => 'stored', String), { timeout: 10_000 })
      .toBe('stored');
  });
});
