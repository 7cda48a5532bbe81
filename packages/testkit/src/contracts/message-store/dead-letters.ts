import type { MessageStore, StoreId } from '@imcore/server/ports';
import { expect, it } from 'vitest';
import { appendToBob, message, NOON, namesOf, type OpenStore, type Section, waitingFor } from './fixture.js';

const LATER = NOON + 120_000;

export const deadLetters: Section = (open) => {
  it('lists the dead letters of all users, or of one, page by page', async () => {
    const store = await open({ maxAgeMs: 60_000 });
    await store.append(['1', '2', '3', '4', '5'].map((name) => message(`user-${Number(name) % 2}`, name)));
    await store.expire(LATER, 100);
    const first = await store.deadLetters(undefined, 2);
    expect(namesOf(first)).toEqual(['1', '2']);
    expect(namesOf(await store.deadLetters(first.at(-1)?.id, 10))).toEqual(['3', '4', '5']);
    expect(namesOf(await store.deadLetters(undefined, 10, 'user-0'))).toEqual(['2', '4']);
    expect(namesOf(await store.deadLetters(first.at(-1)?.id, 1, 'user-0'))).toEqual(['4']);
    expect(await store.deadLetters(undefined, 10, 'nobody')).toEqual([]);
  });

  it('resends dead letters to the end of the queue with new ids', async () => {
    const { store, ids } = await withDeadLetters(open, '1', '2');
    const [third = 0] = await appendToBob(store, '3');
    expect(await store.resend(ids, LATER)).toBe(2);
    expect(await waitingFor(store, 'bob')).toEqual(['3', '1', '2']);
    const resent = await store.take('bob', third, 10);
    expect(resent).toMatchObject([message('bob', '1'), message('bob', '2')]);
    expect(await store.deadLetters(undefined, 10)).toEqual([]);
    expect(await store.count('bob')).toEqual({ messages: 3, bytes: 27 });
  });

  it('measures the age of a resent message from the resend', async () => {
    const { store, ids } = await withDeadLetters(open, '1');
    await store.resend(ids, LATER);
    expect(await store.expire(LATER + 60_000, 10)).toEqual([]);
    expect(namesOf(await store.expire(LATER + 60_001, 10))).toEqual(['1']);
  });

  it('reports a duplicate of a resent message with its new id', async () => {
    const { store, ids } = await withDeadLetters(open, '1');
    await store.resend(ids, LATER);
    const [waiting] = await store.take('bob', undefined, 1);
    expect(await store.append([message('bob', '1')])).toEqual([{ outcome: 'duplicate', id: waiting?.id }]);
  });

  it('confirms a resent message by its new id, and recognizes its duplicate', async () => {
    const { store, ids } = await withDeadLetters(open, '1');
    await store.resend(ids, LATER);
    await store.confirm([{ userId: 'bob', ids }]);
    expect(await waitingFor(store, 'bob')).toEqual(['1']);
    const waiting = await store.take('bob', undefined, 1);
    await store.confirm([{ userId: 'bob', ids: waiting.map(({ id }) => id) }]);
    expect(await waitingFor(store, 'bob')).toEqual([]);
    expect(await store.append([message('bob', '1')])).toEqual([{ outcome: 'duplicate', id: undefined }]);
  });

  it('resends each dead letter once, and nothing else', async () => {
    const { store, ids } = await withDeadLetters(open, '1');
    const waiting = await appendToBob(store, '2');
    expect(await store.resend([...ids, ...ids, ...waiting, 999_999_999], LATER)).toBe(1);
    expect(await store.resend(ids, LATER)).toBe(0);
    expect(await waitingFor(store, 'bob')).toEqual(['2', '1']);
  });

  it('keeps dead letters for which the queue has no room', async () => {
    const { store, ids } = await withDeadLetters(open, '1', '2');
    await appendToBob(store, '3');
    expect(await store.resend(ids, LATER)).toBe(2);
    expect(await store.health()).toMatchObject({ waiting: 3, deadLetters: 0 });
    const bound = await withDeadLetters((retention) => open({ ...retention, maxPerUser: 2 }), '1', '2');
    await appendToBob(bound.store, '3');
    expect(await bound.store.resend(bound.ids, LATER)).toBe(1);
    expect(await waitingFor(bound.store, 'bob')).toEqual(['3', '1']);
    expect(namesOf(await bound.store.deadLetters(undefined, 10))).toEqual(['2']);
  });

  it('deletes discarded dead letters, and recognizes their duplicates', async () => {
    const { store, ids } = await withDeadLetters(open, '1', '2');
    expect(await store.discard([ids[0] ?? 0, ids[0] ?? 0, 999_999_999])).toBe(1);
    expect(namesOf(await store.deadLetters(undefined, 10))).toEqual(['2']);
    expect(await store.append([message('bob', '1')])).toEqual([{ outcome: 'duplicate', id: undefined }]);
    expect(await store.resend(ids, LATER)).toBe(1);
    expect(await store.discard(ids)).toBe(0);
  });

  it('accepts the confirmation of a message that has become a dead letter meanwhile', async () => {
    const { store, ids } = await withDeadLetters(open, '1', '2');
    await store.confirm([{ userId: 'mallory', ids }]);
    await store.confirm([{ userId: 'bob', ids: ids.slice(0, 1) }]);
    expect(namesOf(await store.deadLetters(undefined, 10))).toEqual(['2']);
    expect(await store.append([message('bob', '1')])).toEqual([{ outcome: 'duplicate', id: undefined }]);
  });

  it('accepts empty calls', async () => {
    const store = await open();
    expect(await store.resend([], NOON)).toBe(0);
    expect(await store.discard([])).toBe(0);
  });
};

/** A store in which messages to Bob have expired. */
async function withDeadLetters(
  open: OpenStore,
  ...names: readonly string[]
): Promise<{ readonly store: MessageStore; readonly ids: readonly StoreId[] }> {
  const store = await open({ maxAgeMs: 60_000 });
  const ids = await appendToBob(store, ...names);
  await store.expire(LATER, 100);
  return { store, ids };
}
