import { describe, expect, it } from 'vitest';
import { FILTER_KEYS } from '../src/key-filters.js';
import { sqliteStore } from '../src/sqlite-store.js';
import { message, useFiles } from './temporary-folder.js';

const newFile = useFiles();

describe('the keys of a sqliteStore', () => {
  it('are all known after reopening when a call failed that would have begun a generation', async () => {
    const options = { file: newFile(), maxPerUser: 1_000_000 };
    const store = sqliteStore(options);
    await store.append(Array.from({ length: FILTER_KEYS - 10 }, (_, index) => message(`${index}`)));
    const failing = Array.from({ length: 20 }, (_, index) => message(`failing ${index}`));
    const poison = { ...message('poison'), acceptedAt: Number.NaN };
    await expect(store.append([...failing, poison])).rejects.toMatchObject({ code: 'ERR_STORE_FAILED' });
    const later = Array.from({ length: 20 }, (_, index) => message(`later ${index}`));
    for (const each of later) await store.append([each]);
    await store.close();
    const reopened = sqliteStore(options);
    const again = await reopened.append(later);
    expect(again.map(({ outcome }) => outcome)).toEqual(later.map(() => 'duplicate'));
    await reopened.close();
  });

  it('are known within the call and the transaction that added them', async () => {
    const store = sqliteStore({ file: newFile() });
    const calls = [[message('1'), message('1'), message('2')], [message('1')]];
    const results = await Promise.all(calls.map((messages) => store.append(messages)));
    expect(results.flat().map(({ outcome }) => outcome)).toEqual([
      'stored',
      'duplicate',
      'stored',
      'duplicate',
    ]);
    await store.close();
  });

  it('are all known when one transaction adds more than one statement takes', async () => {
    const file = newFile();
    const store = sqliteStore({ file, maxPerUser: 100_000 });
    const messages = Array.from({ length: 20_000 }, (_, index) => message(`${index}`));
    await Promise.all([store.append(messages.slice(0, 9_000)), store.append(messages.slice(9_000))]);
    await store.close();
    const reopened = sqliteStore({ file, maxPerUser: 100_000 });
    const again = await reopened.append(messages);
    expect(again).toEqual(
      messages.map((_, index) => ({ outcome: 'duplicate', id: index + 1, position: index + 1 })),
    );
    await reopened.close();
  });

  it('of a transaction that failed are not known', async () => {
    const store = sqliteStore({ file: newFile() });
    const poison = { ...message('poison'), acceptedAt: Number.NaN };
    await expect(store.append([message('1'), poison])).rejects.toMatchObject({ code: 'ERR_STORE_FAILED' });
    expect(await store.append([message('1')])).toEqual([{ outcome: 'stored', id: 1, position: 1 }]);
    expect(await store.append([message('1')])).toEqual([{ outcome: 'duplicate', id: 1, position: 1 }]);
    await store.close();
  });
});
