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
});
