import { expect, it } from 'vitest';
import { appendToBob, message, NOON, namesOf, requireId, type Section } from './fixture.js';

const KEPT = { historyMs: 60_000 };
const ALL = { a: 'alice', b: 'bob', limit: 100 };

export const history: Section = (open) => {
  it('keeps no history by default', async () => {
    const store = await open();
    const ids = await appendToBob(store, '1', '2');
    await store.confirm([{ userId: 'bob', ids: ids.slice(0, 1) }]);
    expect(store.keepsHistory).toBe(false);
    expect(await store.history(ALL)).toEqual([]);
  });

  it('returns waiting and confirmed messages between two users, newest first', async () => {
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

  it('returns pages that begin after the oldest message of the page before', async () => {
    const store = await open(KEPT);
    await appendToBob(store, '1', '2', '3', '4', '5');
    const first = await store.history({ ...ALL, limit: 2 });
    expect(namesOf(first)).toEqual(['5', '4']);
    expect(namesOf(await store.history({ ...ALL, before: first.at(-1)?.id }))).toEqual(['3', '2', '1']);
  });

  it('keeps a confirmed message for `historyMs`, and recognizes duplicates for `rememberMs`', async () => {
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

  it('recognizes a duplicate as long as the message is in the history', async () => {
    let now = NOON;
    const store = await open({ ...KEPT, rememberMs: 0 }, () => now);
    const ids = await appendToBob(store, '1');
    await store.confirm([{ userId: 'bob', ids }]);
    now += 30_000;
    await store.expire(now, 10);
    expect(await store.append([message('bob', '1')])).toEqual([{ outcome: 'duplicate', id: undefined }]);
    expect(namesOf(await store.history(ALL))).toEqual(['1']);
  });

  it('leaves out dead letters until they are resent', async () => {
    const store = await open({ ...KEPT, maxAgeMs: 1000 });
    const ids = await appendToBob(store, '1');
    await store.expire(NOON + 2000, 10);
    expect(await store.history(ALL)).toEqual([]);
    await store.resend(ids, NOON + 2000);
    expect(namesOf(await store.history(ALL))).toEqual(['1']);
  });

  it('returns a message of a user to themselves once', async () => {
    const store = await open(KEPT);
    await store.append([message('alice', 'note')]);
    expect(namesOf(await store.history({ a: 'alice', b: 'alice', limit: 10 }))).toEqual(['note']);
  });

  it('distinguishes pairs of users whose concatenated ids are equal', async () => {
    const store = await open(KEPT);
    await store.append([message('bc', '1', { from: 'a' }), message('c', '2', { from: 'ab' })]);
    expect(namesOf(await store.history({ a: 'bc', b: 'a', limit: 10 }))).toEqual(['1']);
    expect(namesOf(await store.history({ a: 'ab', b: 'c', limit: 10 }))).toEqual(['2']);
  });
};
