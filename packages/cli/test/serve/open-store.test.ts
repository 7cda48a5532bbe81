import { inspect } from 'node:util';
import { StoreError } from '@imcore/server';
import type { CopyProgress } from '@imcore/server/ports';
import { describe, expect, it } from 'vitest';
import { openStore, shownStore } from '../../src/serve/open-store.js';

describe('openStore', () => {
  it('opens no store for none', async () => {
    expect(await openStore('none')).toBeUndefined();
  });

  it('opens a store in memory, which is not durable', async () => {
    expect((await openStore('memory'))?.durable).toBe(false);
  });

  it('opens a file with the SQLite store', async () => {
    const files: string[] = [];
    const store = await openStore('memory');
    if (store === undefined) throw new Error('no store');
    const load = async () => ({
      openSqliteStore: async ({ file }: { file: string }) => {
        files.push(file);
        return store;
      },
    });
    expect(await openStore('messages.db', load)).toBe(store);
    expect(files).toEqual(['messages.db']);
  });

  it('says how far a file of an older version is converted', async () => {
    const lines: string[] = [];
    const store = await openStore('memory');
    if (store === undefined) throw new Error('no store');
    const load = async () => ({
      openSqliteStore: async ({ onProgress }: { onProgress: (progress: CopyProgress) => void }) => {
        for (let done = 1; done <= 40; done++) onProgress({ done, total: 40 });
        return store;
      },
    });
    await openStore('messages.db', load, undefined, (line) => lines.push(line));
    expect(lines).toHaveLength(10);
    expect(lines[0]).toBe('messages.db is converted for this version: 10 %');
    expect(lines[9]).toBe('messages.db is converted for this version: 100 %');
  });

  it('says what to install if that package is missing', async () => {
    const load = () => Promise.reject(new Error('Cannot find package'));
    await expect(openStore('messages.db', load)).rejects.toMatchObject({
      message: 'The store messages.db requires the package @imcore/store-sqlite, which cannot be loaded',
      advice: 'Install it with "npm install @imcore/store-sqlite", or use --store memory.',
    });
  });

  it('says why a file cannot be opened', async () => {
    const load = async () => ({
      openSqliteStore: async () => {
        throw new StoreError('ERR_STORE_DAMAGED', 'x.db is damaged');
      },
    });
    await expect(openStore('x.db', load)).rejects.toMatchObject({
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
