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

  it('removes what every device has taken at once', async () => {
    const store = memoryStore();
    await store.append(['1', '2', '3'].map((fingerprint) => message(fingerprint)));
    await store.confirm([{ userId: 'bob', positions: [1, 3] }]);
    expect(await store.read('bob', 0, 10)).toMatchObject({ entries: [{ position: 2 }], removed: 1, last: 3 });
  });

  it('rejects new messages when remembered logs fill it, until `expire` has forgotten idle ones', async () => {
    const store = memoryStore({ maxTotalBytes: 100_000, rememberMs: 0, wallTime: () => 0 });
    await store.append([message('waits', 'bob')]);
    for (let user = 0; user < 300; user += 1) {
      await store.append([message('1', `user-${user}`)]);
      await store.confirm([{ userId: `user-${user}`, positions: [1] }]);
    }
    expect(await store.append([message('2', 'carol')])).toMatchObject([{ outcome: 'full' }]);
    await store.expire(1, 100);
    expect(await store.append([message('2', 'carol')])).toMatchObject([{ outcome: 'stored' }]);
    expect((await store.take('bob', 0, 10)).entries).toMatchObject([{ fingerprint: 'waits', position: 1 }]);
  });

  it('goes on behind every forgotten position', async () => {
    const store = memoryStore({ maxTotalBytes: 6000, rememberMs: 0, wallTime: () => 0 });
    await store.append(['1', '2', '3'].map((fingerprint) => message(fingerprint)));
    await store.confirm([{ userId: 'bob', positions: [1, 2, 3] }]);
    await store.append([message('waits', 'carol')]);
    await store.expire(1, 100);
    expect(await store.take('bob', 0, 10)).toMatchObject({ entries: [], removed: 3, last: 3 });
    expect(await store.append([message('1'), message('1', 'dave')])).toMatchObject([
      { outcome: 'stored', position: 4 },
      { outcome: 'stored', position: 4 },
    ]);
    expect(await store.read('dave', 0, 10)).toMatchObject({ entries: [{ position: 4 }], removed: 3 });
    expect(await store.take('bob', 0, 10)).toMatchObject({ entries: [{ fingerprint: '1' }], last: 4 });
    expect(await store.append([message('2', 'carol')])).toMatchObject([{ position: 2 }]);
  });

  it('keeps the log of a user with a named device', async () => {
    const store = memoryStore({ maxTotalBytes: 6000, rememberMs: 0, wallTime: () => 0 });
    await store.append([message('1')]);
    await store.putDevice('bob', { id: 'web', kind: 'web', name: '', position: 1, seenAt: 0 });
    await store.putDevice('carol', { id: '', kind: '', name: '', position: 0, seenAt: 0 });
    await store.expire(1, 100);
    expect(await store.devices('bob')).toMatchObject([{ id: 'web', position: 1 }]);
  });

  it('counts the devices of all users for `maxTotalBytes`', async () => {
    const store = memoryStore({ maxTotalBytes: 100_000 });
    const web = { id: 'web', kind: 'web', name: '', position: 0, seenAt: 0 };
    for (let device = 0; device < 250; device += 1) await store.putDevice('bob', { ...web, id: `${device}` });
    expect(await store.append([message('1')])).toMatchObject([{ outcome: 'full', limit: 'maxTotalBytes' }]);
    for (let device = 0; device < 250; device += 1) await store.removeDevice('bob', `${device}`);
    expect(await store.append([message('1')])).toMatchObject([{ outcome: 'stored' }]);
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
