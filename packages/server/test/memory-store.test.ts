import { describe, expect, it } from 'vitest';
import { memoryStore } from '../src/store-memory/memory-store.js';

function message(fingerprint: string, to = 'bob') {
  return { to, from: 'alice', fingerprint, body: 'body', acceptedAt: 0 };
}

describe('memoryStore', () => {
  it('is not durable', () => {
    expect(memoryStore().durable).toBe(false);
  });

  it('rejects unknown and invalid options', () => {
    const misspelt: object = { maxPeruser: 5 };
    expect(() => memoryStore(misspelt)).toThrowError(/option maxPeruser does not exist/);
    expect(() => memoryStore({ maxRemembered: -1 })).toThrowError(
      /maxRemembered must be a whole number 0 or more, got -1/,
    );
  });

  it('keeps 10 000 messages for each user by default', async () => {
    const store = memoryStore();
    const results = await store.append(Array.from({ length: 10_001 }, (_, index) => message(`${index}`)));
    expect(results.map(({ outcome }) => outcome).lastIndexOf('stored')).toBe(9999);
    expect(results.at(-1)).toEqual({ outcome: 'full', limit: 'maxPerUser' });
  });

  it('forgets the oldest confirmed fingerprints beyond the limit, and none that wait', async () => {
    const store = memoryStore({ maxRemembered: 2 });
    await store.append(['waiting', '1', '2', '3'].map((fingerprint) => message(fingerprint)));
    await store.confirm([{ userId: 'bob', positions: [2, 3, 4] }]);
    const results = await store.append(['waiting', '2', '3', '1'].map((fingerprint) => message(fingerprint)));
    expect(results).toEqual([
      { outcome: 'duplicate', id: 1, position: 1 },
      { outcome: 'duplicate', id: 3, position: undefined },
      { outcome: 'duplicate', id: 4, position: undefined },
      { outcome: 'stored', id: 5, position: 5 },
    ]);
  });

  it('is empty after it was closed', async () => {
    const store = memoryStore();
    await store.append([message('1')]);
    await store.close();
    expect(await store.count('bob')).toEqual({ messages: 0, bytes: 0 });
  });

  it('keeps its messages until every store that shares them is closed', async () => {
    const store = memoryStore();
    const [second, third] = [store.share(), store.share()];
    await store.append([message('1')]);
    await store.close();
    await store.close();
    await second.close();
    expect(await third.count('bob')).toEqual({ messages: 1, bytes: 4 });
    await third.close();
    expect(await third.count('bob')).toEqual({ messages: 0, bytes: 0 });
  });
});
