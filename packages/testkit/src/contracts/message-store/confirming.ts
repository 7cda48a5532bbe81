import { expect, it } from 'vitest';
import { appendToBob, countOf, message, requireId, type Section, waitingFor } from './fixture.js';

export const confirming: Section = (open) => {
  it('returns the same page until it is confirmed', async () => {
    const store = await open();
    await appendToBob(store, '1', '2');
    const before = await store.take('bob', undefined, 1);
    expect(await store.take('bob', undefined, 1)).toEqual(before);
    await store.confirm([{ userId: 'bob', ids: before.map(({ id }) => id) }]);
    expect(await waitingFor(store, 'bob')).toEqual(['2']);
  });

  it('removes confirmed messages, in any order of confirmation', async () => {
    const store = await open();
    const [first = 0, , third = 0] = await appendToBob(store, '1', '2', '3', '4');
    await store.confirm([{ userId: 'bob', ids: [third, first] }]);
    expect(await waitingFor(store, 'bob')).toEqual(['2', '4']);
    expect(await store.count('bob')).toEqual({ messages: 2, bytes: 'body of 2body of 4'.length });
  });

  it('confirms for many users in one call', async () => {
    const store = await open();
    const users = Array.from({ length: 50 }, (_, index) => `user-${index}`);
    const results = await store.append(users.flatMap((to) => [message(to, '1'), message(to, '2')]));
    const first = users.map((userId, index) => ({ userId, ids: [requireId(results[index * 2])] }));
    await store.confirm(first);
    for (const userId of users) expect(await waitingFor(store, userId)).toEqual(['2']);
  });

  it('accepts the same user twice in one call', async () => {
    const store = await open();
    const [first = 0, second = 0] = await appendToBob(store, '1', '2');
    await store.confirm([
      { userId: 'bob', ids: [first] },
      { userId: 'bob', ids: [second, first] },
    ]);
    expect(await store.count('bob')).toEqual({ messages: 0, bytes: 0 });
  });

  it('ignores repeated confirmations and unknown ids', async () => {
    const store = await open();
    const [first = 0] = await appendToBob(store, '1', '2');
    await store.confirm([{ userId: 'bob', ids: [first] }]);
    await store.confirm([
      { userId: 'bob', ids: [first, first, 999_999_999, 0, -1] },
      { userId: 'nobody', ids: [1, 2, 3] },
      { userId: 'bob', ids: [] },
    ]);
    await store.confirm([]);
    expect(await waitingFor(store, 'bob')).toEqual(['2']);
    expect(await countOf(store, 'bob')).toBe(1);
  });

  it('ignores a confirmation by another user', async () => {
    const store = await open();
    const ids = await appendToBob(store, '1');
    await store.confirm([{ userId: 'mallory', ids }]);
    expect(await countOf(store, 'bob')).toBe(1);
  });

  it('recognizes a duplicate of a confirmed message', async () => {
    const store = await open();
    const ids = await appendToBob(store, 'fp-1');
    await store.confirm([{ userId: 'bob', ids }]);
    expect(await store.append([message('bob', 'fp-1')])).toEqual([{ outcome: 'duplicate', id: undefined }]);
    expect(await countOf(store, 'bob')).toBe(0);
    expect(await waitingFor(store, 'bob')).toEqual([]);
  });

  it('remembers a confirmed message for `rememberMs`, and no longer', async () => {
    let now = 1_000_000;
    const store = await open({ rememberMs: 60_000 }, () => now);
    const ids = await appendToBob(store, 'fp-1');
    await store.confirm([{ userId: 'bob', ids }]);
    now += 59_999;
    await store.expire(now, 100);
    expect(await store.append([message('bob', 'fp-1')])).toEqual([{ outcome: 'duplicate', id: undefined }]);
    now += 2;
    await store.expire(now, 100);
    expect(await store.append([message('bob', 'fp-1')])).toMatchObject([{ outcome: 'stored' }]);
  });

  it('remembers a waiting message forever', async () => {
    let now = 1_000_000;
    const store = await open({ rememberMs: 0, maxAgeMs: Number.POSITIVE_INFINITY }, () => now);
    const [first] = await appendToBob(store, 'fp-1');
    now += 1e12;
    await store.expire(now, 100);
    expect(await store.append([message('bob', 'fp-1')])).toEqual([{ outcome: 'duplicate', id: first }]);
  });

  it('never reuses an id', async () => {
    let now = 1_000_000;
    const store = await open({ rememberMs: 0 }, () => now);
    const [first = 0] = await appendToBob(store, 'fp-1');
    await store.confirm([{ userId: 'bob', ids: [first] }]);
    now += 120_000;
    await store.expire(now, 100);
    const [second = 0] = await appendToBob(store, 'fp-1');
    expect(second).toBeGreaterThan(first);
  });
};
