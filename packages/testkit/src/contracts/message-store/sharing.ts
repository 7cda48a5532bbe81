import type { MessageStore, QueuePlace, SharedStore, StoreId } from '@imcore/server/ports';
import { expect, it } from 'vitest';
import {
  appendToBob,
  countOf,
  message,
  NOON,
  namesOf,
  type OpenStorePair,
  requireId,
  waitingFor,
} from './fixture.js';

/** Two store objects on one database: what one of them writes, the other finds. */
export function sharing(openPair: OpenStorePair): void {
  it('has one identity for each database, of 1 to 64 characters', async () => {
    const [[one, other], [elsewhere]] = [await openPair(), await openPair()];
    const identity = await sharedOf(one).identity();
    expect(identity).toMatch(/^[\x21-\x7e]{1,64}$/);
    expect(await sharedOf(other).identity()).toBe(identity);
    expect(await sharedOf(elsewhere).identity()).not.toBe(identity);
  });

  it('returns the users for whom the other object has stored something', async () => {
    const [one, other] = await openPair();
    await other.append([message('bob', '1'), message('carol', '2'), message('carol', '3')]);
    expect(await waiting(one, 'bob', 'carol', 'dave')).toEqual(['bob', 'carol']);
    expect(await waiting(other, 'dave', 'bob')).toEqual(['bob']);
    expect(await waiting(one)).toEqual([]);
  });

  it('returns a user only if a message waits behind the place', async () => {
    const [one, other] = await openPair();
    const [first, second = 0] = await appendToBob(other, '1', '2');
    expect(await whichWait(one, { userId: 'bob', after: first })).toEqual(['bob']);
    expect(await whichWait(one, { userId: 'bob', after: second })).toEqual([]);
    await appendToBob(one, '3');
    expect(await whichWait(one, { userId: 'bob', after: second })).toEqual(['bob']);
    expect(await whichWait(one, { userId: 'bob', after: Number.MAX_SAFE_INTEGER })).toEqual([]);
  });

  it('compares each user with the place of that user', async () => {
    const [one, other] = await openPair();
    const results = await other.append([message('bob', '1'), message('carol', '2'), message('bob', '3')]);
    const [bobs, carols, bobsLast] = results.map(requireId);
    expect(
      await whichWait(one, { userId: 'bob', after: bobsLast }, { userId: 'carol', after: bobs }),
    ).toEqual(['carol']);
    expect(
      await whichWait(one, { userId: 'bob', after: carols }, { userId: 'carol', after: carols }),
    ).toEqual(['bob']);
  });

  it('accepts several places of a user', async () => {
    const [one, other] = await openPair();
    const [first, second] = await appendToBob(other, '1', '2');
    const [behind, atEnd] = [first, second].map((after) => ({ userId: 'bob', after }));
    if (behind === undefined || atEnd === undefined) throw new Error('two messages');
    expect(await whichWait(one, atEnd, behind, atEnd)).toEqual(['bob']);
    expect(await whichWait(one, atEnd, atEnd)).toEqual([]);
  });

  it('does not count confirmed messages', async () => {
    const [one, other] = await openPair();
    const [first = 0, second = 0] = await appendToBob(other, '1', '2');
    await one.confirm([{ userId: 'bob', ids: [first] }]);
    expect(await waiting(other, 'bob')).toEqual(['bob']);
    await one.confirm([{ userId: 'bob', ids: [second] }]);
    expect(await waiting(other, 'bob')).toEqual([]);
  });

  it('does not count confirmed messages of a history', async () => {
    const [one, other] = await openPair({ historyMs: 60_000 });
    await one.confirm([{ userId: 'bob', ids: await appendToBob(other, '1') }]);
    expect(await waiting(other, 'bob')).toEqual([]);
  });

  it('counts a dead letter only after it was resent', async () => {
    const [one, other] = await openPair({ maxAgeMs: 1000 });
    const ids = await appendToBob(other, '1');
    await other.expire(NOON + 2000, 10);
    expect(await waiting(one, 'bob')).toEqual([]);
    await one.resend(ids, NOON + 2000);
    expect(await whichWait(other, { userId: 'bob', after: ids[0] })).toEqual(['bob']);
  });

  it('accepts thousands of places, and users with unusual ids', async () => {
    const [one, other] = await openPair();
    const userIds = Array.from({ length: 2500 }, (_, index) => `user-${index}`);
    const receivers = ['user-0', 'user-999', 'user-1000', 'user-2499', 'nul\u0000', '\ud800', '用户'];
    await other.append(receivers.map((to) => message(to, '1')));
    expect(await waiting(one, ...userIds, 'nul', 'nul\u0000', '\udfff', '\ud800', '用户')).toEqual(
      [...receivers].sort(),
    );
  });

  it('shows a message to the other object as soon as its append has resolved', async () => {
    const [one, other] = await openPair();
    let after: StoreId | undefined;
    for (let round = 0; round < 50; round += 1) {
      const [writer, reader] = round % 2 === 0 ? [one, other] : [other, one];
      const ids = await appendToBob(writer, `${round}`);
      expect(reader.isEmptyFor?.('bob') === true).toBe(false);
      expect(await whichWait(reader, { userId: 'bob', after })).toEqual(['bob']);
      const page = await reader.take('bob', after, 10);
      expect(page.map(({ id }) => id)).toEqual(ids);
      after = ids[0];
    }
  });

  it('stores a message once that both objects append', async () => {
    const [one, other] = await openPair();
    const [id] = await appendToBob(one, '1');
    expect(await other.append([message('bob', '1')])).toEqual([{ outcome: 'duplicate', id }]);
    await other.confirm([{ userId: 'bob', ids: [requireId({ outcome: 'duplicate', id })] }]);
    expect(await one.append([message('bob', '1')])).toEqual([{ outcome: 'duplicate', id: undefined }]);
    expect(await countOf(one, 'bob')).toBe(0);
  });

  it('returns what both objects have appended at the same time in the order of the ids', async () => {
    const [one, other] = await openPair();
    const appendAll = async (store: MessageStore, prefix: string): Promise<StoreId[]> => {
      const ids: StoreId[] = [];
      for (let n = 0; n < 20; n += 1) ids.push(...(await appendToBob(store, `${prefix}${n}`)));
      return ids;
    };
    const ids = (await Promise.all([appendAll(one, 'a'), appendAll(other, 'b')])).flat();
    const page = await one.take('bob', undefined, 100);
    expect(page.map(({ id }) => id)).toEqual(ids.sort((a, b) => a - b));
    for (const prefix of ['a', 'b']) {
      const own = namesOf(page).filter((name) => name.startsWith(prefix));
      expect(own).toEqual(Array.from({ length: 20 }, (_, n) => `${prefix}${n}`));
    }
  });

  it('reports deleted dead letters to the object that deleted them', async () => {
    const [one, other] = await openPair({ maxAgeMs: 1000, maxDeadLetters: 1 });
    const [byOne, byOther]: [string[], string[]] = [[], []];
    one.onDeadLettersDeleted((deadLetters) => byOne.push(...namesOf(deadLetters)));
    other.onDeadLettersDeleted((deadLetters) => byOther.push(...namesOf(deadLetters)));
    await appendToBob(one, '1', '2', '3');
    await other.expire(NOON + 2000, 2);
    await one.expire(NOON + 2000, 2);
    expect([byOne, byOther]).toEqual([['2'], ['1']]);
  });

  it('can still be used by the other object after one was closed', async () => {
    const [one, other] = await openPair();
    await appendToBob(one, '1');
    await one.close();
    await one.close();
    expect(await waiting(other, 'bob')).toEqual(['bob']);
    await appendToBob(other, '2');
    expect(await waitingFor(other, 'bob')).toEqual(['1', '2']);
  });
}

function sharedOf(store: MessageStore): SharedStore {
  if (store.shared === undefined) throw new Error('the store has no `shared`');
  return store.shared;
}

async function whichWait(store: MessageStore, ...places: readonly QueuePlace[]): Promise<string[]> {
  return [...(await sharedOf(store).whichWait(places))].sort();
}

/** Which of these users have a message, read from the start. */
function waiting(store: MessageStore, ...userIds: readonly string[]): Promise<string[]> {
  return whichWait(store, ...userIds.map((userId) => ({ userId, after: undefined })));
}
