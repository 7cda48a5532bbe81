import { expect, it } from 'vitest';
import { appendToBob, message, NOON, namesOf, requireId, type Section, waitingFor } from './fixture.js';

const MINUTE = { maxAgeMs: 60_000 };

export const expiry: Section = (open) => {
  it('moves messages older than `maxAgeMs` to the dead letters, and no others', async () => {
    const store = await open(MINUTE);
    const results = await store.append([
      message('bob', 'old', { acceptedAt: 1000 }),
      message('bob', 'young', { acceptedAt: 2000 }),
    ]);
    const deadLetter = { ...message('bob', 'old', { acceptedAt: 1000 }), id: requireId(results[0]) };
    const expected = [{ ...deadLetter, cause: 'expired', deadLetteredAt: 61_001 }];
    expect(await store.expire(61_001, 10)).toEqual(expected);
    expect(await store.deadLetters(undefined, 10)).toEqual(expected);
    expect(await waitingFor(store, 'bob')).toEqual(['young']);
    expect(await store.count('bob')).toEqual({ messages: 1, bytes: 'body of young'.length });
  });

  it('keeps a message up to `maxAgeMs`', async () => {
    const store = await open(MINUTE);
    await store.append([message('bob', '1', { acceptedAt: 1000 })]);
    expect(await store.expire(61_000, 10)).toEqual([]);
    expect(await waitingFor(store, 'bob')).toEqual(['1']);
  });

  it('keeps messages forever when `maxAgeMs` is infinite', async () => {
    const store = await open({ maxAgeMs: Number.POSITIVE_INFINITY });
    await store.append([message('bob', '1', { acceptedAt: 0 })]);
    expect(await store.expire(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
    expect(await waitingFor(store, 'bob')).toEqual(['1']);
  });

  it('expires at most `limit` messages a call, in the order of each receiver', async () => {
    const store = await open(MINUTE);
    await store.append(
      Array.from({ length: 10 }, (_, index) => message('bob', `${index}`, { acceptedAt: index })),
    );
    const pages = [await store.expire(NOON, 4), await store.expire(NOON, 4), await store.expire(NOON, 4)];
    expect(pages.map(namesOf)).toEqual([
      ['0', '1', '2', '3'],
      ['4', '5', '6', '7'],
      ['8', '9'],
    ]);
    expect(await store.expire(NOON, 4)).toEqual([]);
  });

  it('expires messages of many users in one call', async () => {
    const store = await open(MINUTE);
    await store.append(['bob', 'carol', 'dave'].map((to) => message(to, `to ${to}`, { acceptedAt: 1 })));
    expect(namesOf(await store.expire(NOON, 100)).sort()).toEqual(['to bob', 'to carol', 'to dave']);
    expect((await store.health()).waiting).toBe(0);
  });

  it('does not expire confirmed messages', async () => {
    const store = await open(MINUTE);
    const ids = await appendToBob(store, '1');
    await store.confirm([{ userId: 'bob', ids }]);
    expect(await store.expire(NOON * 2, 10)).toEqual([]);
  });

  it('recognizes a duplicate of an expired message', async () => {
    const store = await open(MINUTE);
    await appendToBob(store, '1');
    await store.expire(NOON * 2, 10);
    expect(await store.append([message('bob', '1')])).toEqual([{ outcome: 'duplicate', id: undefined }]);
    expect(await waitingFor(store, 'bob')).toEqual([]);
  });

  it('frees the room of expired messages', async () => {
    const store = await open({ ...MINUTE, maxPerUser: 1 });
    await appendToBob(store, '1');
    await store.expire(NOON * 2, 10);
    expect(await store.append([message('bob', '2')])).toMatchObject([{ outcome: 'stored' }]);
  });
};
