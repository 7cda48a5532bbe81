import { expect, it } from 'vitest';
import { appendToBob, message, NOON, namesOf, requireId, type Section } from './fixture.js';

const KEPT = { historyMs: 60_000 };
const ALL = { a: 'alice', b: 'bob', limit: 100 };

export const history: Section = (open) => {
  it('keeps none unless it is told to', async () => {
    const store = await open();
    const ids = await appendToBob(store, '1', '2');
    await store.confirm([{ userId: 'bob', ids: ids.slice(0, 1) }]);
    expect(store.keepsHistory).toBe(false);
    expect(await store.history(ALL)).toEqual([]);
  });

  it('gives what waits and what was confirmed between two users, newest first', async () => {
    const store = await open(KEPT);
    const results = await store.append([
      message('bob', '1'),
      message('alice', '2', { from: 'bob', body: 'an answer' }),
      message('bob', '3'),
      message('bob', 'not hers', { from: 'carol' }),
      message('carol', 'not his'),
    ]);
    await store.confirm([
      { userId: 'bob', ids: [requireId(results[0])] },
      { userId: 'alice', ids: [requireId(results[1])] },
    ]);
    expect(store.keepsHistory).toBe(true);
    const kept = await store.history(ALL);
    expect(namesOf(kept)).toEqual(['3', '2', '1']);
    expect(kept[1]).toEqual({
      ...message('alice', '2', { from: 'bob', body: 'an answer' }),
      id: requireId(results[1]),
    });
    expect(await store.history({ a: 'bob', b: 'alice', limit: 100 })).toEqual(kept);
  });

  it('gives page by page, behind the oldest of the page before', async () => {
    const store = await open(KEPT);
    await appendToBob(store, '1', '2', '3', '4', '5');
    const first = await store.history({ ...ALL, limit: 2 });
    expect(namesOf(first)).toEqual(['5', '4']);
    expect(namesOf(await store.history({ ...ALL, before: first.at(-1)?.id }))).toEqual(['3', '2', '1']);
  });

  it('keeps a confirmed message as long as it was told, and knows its key as long as it must', async () => {
    let now = NOON;
    const store = await open({ ...KEPT, rememberMs: 90_000 }, () => now);
    const ids = await appendToBob(store, '1');
    await store.confirm([{ userId: 'bob', ids }]);
    now += 59_999;
    await store.expire(now, 10);
    expect(namesOf(await store.history(ALL))).toEqual(['1']);
    now += 2;
    await store.expire(now, 10);
    expect(await store.history(ALL)).toEqual([]);
    expect(await store.append([message('bob', '1')])).toEqual([{ outcome: 'duplicate', id: undefined }]);
  });

  it('knows the key of a message as long as the message is in the history', async () => {
    let now = NOON;
    const store = await open({ ...KEPT, rememberMs: 0 }, () => now);
    const ids = await appendToBob(store, '1');
    await store.confirm([{ userId: 'bob', ids }]);
    now += 30_000;
    await store.expire(now, 10);
    expect(await store.append([message('bob', '1')])).toEqual([{ outcome: 'duplicate', id: undefined }]);
    expect(namesOf(await store.history(ALL))).toEqual(['1']);
  });

  it('has no dead letters, and has them again when they are resent', async () => {
    const store = await open({ ...KEPT, maxAgeMs: 1000 });
    const ids = await appendToBob(store, '1');
    await store.expire(NOON + 2000, 10);
    expect(await store.history(ALL)).toEqual([]);
    await store.resend(ids, NOON + 2000);
    expect(namesOf(await store.history(ALL))).toEqual(['1']);
  });

  it('gives once what a user sends to themselves', async () => {
    const store = await open(KEPT);
    await store.append([message('alice', 'note')]);
    expect(namesOf(await store.history({ a: 'alice', b: 'alice', limit: 10 }))).toEqual(['note']);
  });

  it('does not mistake names that look alike when they are put together', async () => {
    const store = await open(KEPT);
    await store.append([message('bc', '1', { from: 'a' }), message('c', '2', { from: 'ab' })]);
    expect(namesOf(await store.history({ a: 'bc', b: 'a', limit: 10 }))).toEqual(['1']);
    expect(namesOf(await store.history({ a: 'ab', b: 'c', limit: 10 }))).toEqual(['2']);
  });
};
