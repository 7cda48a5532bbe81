import { inspect } from 'node:util';
import { StoreError } from '@imcore/server';
import { describe, expect, it } from 'vitest';
import { openStore, shownStore } from '../../src/serve/open-store.js';

describe('openStore', () => {
  it('opens none for none', async () => {
    expect(await openStore('none')).toBeUndefined();
  });

  it('keeps messages in memory, which is not durable', async () => {
    expect((await openStore('memory'))?.durable).toBe(false);
  });

  it('hands a file to the package that keeps messages in files', async () => {
    const files: string[] = [];
    const store = await openStore('memory');
    if (store === undefined) throw new Error('there is no store');
    const load = async () => ({
      sqliteStore: ({ file }: { file: string }) => {
        files.push(file);
        return store;
      },
    });
    expect(await openStore('messages.db', load)).toBe(store);
    expect(files).toEqual(['messages.db']);
  });

  it('says what to install where that package is missing', async () => {
    const load = () => Promise.reject(new Error('Cannot find package'));
    await expect(openStore('messages.db', load)).rejects.toMatchObject({
      message: 'the store messages.db needs the package @imcore/store-sqlite, which cannot be loaded',
      advice: 'Install it with "npm install @imcore/store-sqlite", or use --store memory.',
    });
  });

  it('says why a file cannot be opened', async () => {
    const load = async () => ({
      sqliteStore: () => {
        throw new StoreError('ERR_STORE_FAILED', 'cannot open x.db: it is damaged');
      },
    });
    await expect(openStore('x.db', load)).rejects.toMatchObject({
      name: 'CommandError',
      message: 'the store cannot be opened: cannot open x.db: it is damaged',
    });
  });

  it('says why a database cannot be used, and repeats no password', async () => {
    const url = 'postgres://alice:open-sesame-4711@127.0.0.1:1/messages';
    const error = await openStore(url).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'CommandError', message: expect.stringContaining('ECONNREFUSED') });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('open-sesame-4711');
  });

  it('repeats no password of a url that cannot be read', async () => {
    const url = 'postgres://alice:open-sesame-4711@host:not-a-port/messages';
    const error = await openStore(url).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'CommandError' });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('open-sesame-4711');
    expect(shownStore(url)).toBe('PostgreSQL');
  });
});

describe('shownStore', () => {
  it('shows a file as it is, and of a database only where it is', () => {
    expect(shownStore('messages.db')).toBe('messages.db');
    expect(shownStore('postgresql://alice:secret@db:5433/messages?password=secret')).toBe(
      'PostgreSQL at db:5433/messages',
    );
  });
});
