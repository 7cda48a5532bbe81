import { inspect } from 'node:util';
import { memoryStore, StoreError } from '@imcore/server';
import type { CopyProgress, Retention } from '@imcore/server/ports';
import { settlePromises, VirtualClock } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { openStore, retentionOf, shownStore } from '../../src/serve/open-store.js';
import { readSettings } from '../../src/serve/read-settings.js';

describe('openStore', () => {
  it('opens no store for none', async () => {
    expect(await openStore('none')).toBeUndefined();
  });

  it('opens a store in memory, which is not durable', async () => {
    expect((await openStore('memory'))?.durable).toBe(false);
  });

  it('opens a file with the SQLite store', async () => {
    const files: string[] = [];
    const store = memoryStore();
    const sqlite = async () => ({
      openSqliteStore: async ({ file }: { file: string }) => {
        files.push(file);
        return store;
      },
    });
    expect(await openStore('messages.db', { packages: { sqlite } })).toBe(store);
    expect(files).toEqual(['messages.db']);
  });

  it('opens a store with the retention of the settings', async () => {
    const retentions: unknown[] = [];
    const take = ({ deviceExpiryMs, historyMs }: Retention) => {
      retentions.push({ deviceExpiryMs, historyMs });
      return memoryStore();
    };
    const packages = {
      sqlite: async () => ({ openSqliteStore: async (options: Retention) => take(options) }),
      postgres: async () => ({
        postgresStore: (options: Retention) => Object.assign(take(options), { open: async () => {} }),
      }),
    };
    const flags = { historyMs: '5', deviceExpiryMs: 'never' };
    const retention = retentionOf(readSettings({ flags, environment: {}, file: undefined }));
    await openStore('messages.db', { retention, packages });
    await openStore('postgres://alice:secret@db/messages', { retention, packages });
    const expected = { deviceExpiryMs: Number.POSITIVE_INFINITY, historyMs: 5 };
    expect(retentions).toEqual([expected, expected]);
    expect((await openStore('memory', { retention }))?.keepsHistory).toBe(true);
  });

  it('reports every tenth of the migration of a file', async () => {
    const lines: string[] = [];
    const sqlite = async () => ({
      openSqliteStore: async ({ onProgress }: { onProgress: (progress: CopyProgress) => void }) => {
        for (let done = 1; done <= 40; done++) onProgress({ done, total: 40 });
        return memoryStore();
      },
    });
    await openStore('messages.db', { packages: { sqlite }, notice: (line) => lines.push(line) });
    expect(lines).toHaveLength(10);
    expect(lines[0]).toBe('Migrating messages.db to the format of this version: 10 %');
    expect(lines[9]).toBe('Migrating messages.db to the format of this version: 100 %');
  });

  it('reports the migration of a database, again after a failed attempt, without the password', async () => {
    const lines: string[] = [];
    let attempts = 0;
    const postgres = async () => ({
      postgresStore: ({ onProgress }: { onProgress: (progress: CopyProgress) => void }) =>
        Object.assign(memoryStore(), {
          open: async () => {
            attempts += 1;
            for (let done = 1; done <= 2 * attempts; done++) onProgress({ done, total: 4 });
            if (attempts > 1) return;
            throw new StoreError('ERR_STORE_FAILED', 'the connection broke', { cause: new Error() });
          },
        }),
    });
    const clock = new VirtualClock();
    const opened = openStore('postgres://alice:secret@db:5433/messages', {
      packages: { postgres },
      wait: { waitMs: 5000, clock, report: () => {} },
      notice: (line) => lines.push(line),
    });
    await settlePromises();
    await clock.advanceAsync(1000);
    await opened;
    expect(lines).toEqual(
      [25, 50, 25, 50, 75, 100].map(
        (percent) => `Migrating PostgreSQL at db:5433/messages to the format of this version: ${percent} %`,
      ),
    );
  });

  it('says what to install if that package is missing', async () => {
    const sqlite = () => Promise.reject(new Error('Cannot find package'));
    await expect(openStore('messages.db', { packages: { sqlite } })).rejects.toMatchObject({
      message: 'The store messages.db requires the package @imcore/store-sqlite, which cannot be loaded',
      advice: 'Install it with "npm install @imcore/store-sqlite", or use --store memory.',
    });
  });

  it('says why a file cannot be opened', async () => {
    const sqlite = async () => ({
      openSqliteStore: async () => {
        throw new StoreError('ERR_STORE_DAMAGED', 'x.db is damaged');
      },
    });
    await expect(openStore('x.db', { packages: { sqlite } })).rejects.toMatchObject({
      name: 'CommandError',
      message: 'Cannot open the store: x.db is damaged',
    });
  });

  it('says why a database cannot be opened, without exposing the password', async () => {
    const url = 'postgres://alice:open-sesame-4711@127.0.0.1:1/messages';
    const error = await openStore(url).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'CommandError', message: expect.stringContaining('ECONNREFUSED') });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('open-sesame-4711');
  });

  it('does not expose the password of an invalid url', async () => {
    const url = 'postgres://alice:open-sesame-4711@host:not-a-port/messages';
    const error = await openStore(url).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'CommandError' });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('open-sesame-4711');
    expect(shownStore(url)).toBe('PostgreSQL');
  });
});

describe('shownStore', () => {
  it('shows the path of a file, and only host and name of a database', () => {
    expect(shownStore('messages.db')).toBe('messages.db');
    expect(shownStore('postgresql://alice:secret@db:5433/messages?password=secret')).toBe(
      'PostgreSQL at db:5433/messages',
    );
  });
});
