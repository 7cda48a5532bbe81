import type { MessageStore } from '@imcore/server/ports';
import { expect, it } from 'vitest';
import {
  appendToBob,
  confirm,
  message,
  NOON,
  namesOf,
  requireId,
  type Section,
  waitingFor,
} from './fixture.js';

const MINUTE = { maxAgeMs: 60_000 };

/** The fingerprints of what one call of `expire` has turned into dead letters. */
async function expire(store: MessageStore, now: number, limit: number): Promise<string[]> {
  return namesOf((await store.expire(now, limit)).deadLetters);
}

export const expiry: Section = (open) => {
  it('moves messages older than `maxAgeMs` to the dead letters, and no others', async () => {
    const store = await open(MINUTE);
    const results = await store.append([
      message('bob', 'old', { acceptedAt: 1000 }),
      message('bob', 'young', { acceptedAt: 2000 }),
    ]);
    const { deadLetters } = await store.expire(61_001, 10);
    expect(deadLetters).toEqual([
      {
        ...message('bob', 'old', { acceptedAt: 1000 }),
        id: expect.any(Number),
        messageId: requireId(results[0]),
        cause: 'expired',
        deadLetteredAt: 61_001,
      },
    ]);
    expect(await store.deadLetters(0, 10)).toEqual(deadLetters);
    expect(await waitingFor(store, 'bob')).toEqual(['young']);
    expect(await store.count('bob')).toEqual({ messages: 1, bytes: 'body of young'.length });
  });

  it('keeps a message up to `maxAgeMs`', async () => {
    const store = await open(MINUTE);
    await store.append([message('bob', '1', { acceptedAt: 1000 })]);
    expect(await expire(store, 61_000, 10)).toEqual([]);
    expect(await waitingFor(store, 'bob')).toEqual(['1']);
  });

  it('keeps messages forever when `maxAgeMs` is infinite', async () => {
    const store = await open({ maxAgeMs: Number.POSITIVE_INFINITY });
    await store.append([message('bob', '1', { acceptedAt: 0 })]);
    expect(await expire(store, Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
    expect(await waitingFor(store, 'bob')).toEqual(['1']);
  });

  it('expires at most `limit` messages a call, in the order of each receiver', async () => {
    const store = await open(MINUTE);
    await store.append(
      Array.from({ length: 10 }, (_, index) => message('bob', `${index}`, { acceptedAt: index })),
    );
    const pages = [await expire(store, NOON, 4), await expire(store, NOON, 4), await expire(store, NOON, 4)];
    expect(pages).toEqual([
      ['0', '1', '2', '3'],
      ['4', '5', '6', '7'],
      ['8', '9'],
    ]);
    expect(await expire(store, NOON, 4)).toEqual([]);
  });

  it('expires messages of many users in one call', async () => {
    const store = await open(MINUTE);
    await store.append(['bob', 'carol', 'dave'].map((to) => message(to, `to ${to}`, { acceptedAt: 1 })));
    expect((await expire(store, NOON, 100)).sort()).toEqual(['to bob', 'to carol', 'to dave']);
    expect((await store.health()).waiting).toBe(0);
  });

  it('does not expire confirmed messages', async () => {
    const store = await open(MINUTE);
    await appendToBob(store, '1', '2', '3');
    await confirm(store, 'bob', 1, 3);
    expect(await expire(store, NOON + 60_001, 10)).toEqual(['2']);
  });

  it('recognizes a duplicate of an expired message', async () => {
    const store = await open(MINUTE);
    const [first] = await store.append([message('bob', '1')]);
    await store.expire(NOON * 2, 10);
    expect(await store.append([message('bob', '1')])).toEqual([
      { outcome: 'duplicate', id: requireId(first), position: undefined },
    ]);
    expect(await waitingFor(store, 'bob')).toEqual([]);
  });

  it('leaves gaps where messages were, and begins the log behind them', async () => {
    const store = await open(MINUTE);
    const old = { acceptedAt: 1000 };
    await store.append([message('bob', '1', old), message('bob', '2', old), message('bob', '3')]);
    await store.expire(NOON, 10);
    expect(await store.take('bob', 0, 10)).toMatchObject({ entries: [{ position: 3 }], removed: 2, last: 3 });
    expect(await appendToBob(store, '4')).toEqual([4]);
  });

  it('frees the room of expired messages', async () => {
    const store = await open({ ...MINUTE, maxPerUser: 1 });
    await appendToBob(store, '1');
    await store.expire(NOON * 2, 10);
    expect(await store.append([message('bob', '2')])).toMatchObject([{ outcome: 'stored' }]);
  });
};
