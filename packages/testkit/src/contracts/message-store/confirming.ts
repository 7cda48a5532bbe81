import { expect, it } from 'vitest';
import {
  appendToBob,
  confirm,
  countOf,
  message,
  positionsOf,
  requirePosition,
  type Section,
  waitingFor,
} from './fixture.js';

export const confirming: Section = (open) => {
  it('returns the same page until it is confirmed', async () => {
    const store = await open();
    await appendToBob(store, '1', '2');
    const before = await store.take('bob', 0, 1);
    expect(await store.take('bob', 0, 1)).toEqual(before);
    await confirm(store, 'bob', ...positionsOf(before));
    expect(await waitingFor(store, 'bob')).toEqual(['2']);
  });

  it('takes messages in any order of confirmation', async () => {
    const store = await open();
    await appendToBob(store, '1', '2', '3', '4');
    await confirm(store, 'bob', 3, 1);
    expect(await waitingFor(store, 'bob')).toEqual(['2', '4']);
    expect(await store.count('bob')).toEqual({ messages: 2, bytes: 'body of 2body of 4'.length });
    await confirm(store, 'bob', 2);
    expect(await waitingFor(store, 'bob')).toEqual(['4']);
    await confirm(store, 'bob', 4);
    expect(await waitingFor(store, 'bob')).toEqual([]);
    expect(await store.count('bob')).toEqual({ messages: 0, bytes: 0 });
  });

  it('forgets no confirmation, however many follow a message that is not confirmed', async () => {
    const store = await open();
    const all = await appendToBob(store, ...Array.from({ length: 1000 }, (_, index) => `${index}`));
    const later = all.slice(1).reverse();
    for (let at = 0; at < later.length; at += 100) await confirm(store, 'bob', ...later.slice(at, at + 100));
    expect(await waitingFor(store, 'bob')).toEqual(['0']);
    expect(await countOf(store, 'bob')).toBe(1);
    await appendToBob(store, 'new');
    await confirm(store, 'bob', 1);
    expect(await waitingFor(store, 'bob')).toEqual(['new']);
  });

  it('confirms for many users in one call', async () => {
    const store = await open();
    const users = Array.from({ length: 50 }, (_, index) => `user-${index}`);
    const results = await store.append(users.flatMap((to) => [message(to, '1'), message(to, '2')]));
    const first = users.map((userId, index) => ({
      userId,
      positions: [requirePosition(results[index * 2])],
    }));
    await store.confirm(first);
    for (const userId of users) expect(await waitingFor(store, userId)).toEqual(['2']);
  });

  it('accepts the same user twice in one call', async () => {
    const store = await open();
    await appendToBob(store, '1', '2');
    await store.confirm([
      { userId: 'bob', positions: [1] },
      { userId: 'bob', positions: [2, 1] },
    ]);
    expect(await store.count('bob')).toEqual({ messages: 0, bytes: 0 });
  });

  it('ignores repeated confirmations and unknown positions', async () => {
    const store = await open();
    await appendToBob(store, '1', '2');
    await confirm(store, 'bob', 1);
    await store.confirm([
      { userId: 'bob', positions: [1, 1, 3, 999_999_999, 0, -1] },
      { userId: 'nobody', positions: [1, 2, 3] },
      { userId: 'bob', positions: [] },
    ]);
    await store.confirm([]);
    expect(await waitingFor(store, 'bob')).toEqual(['2']);
    expect(await countOf(store, 'bob')).toBe(1);
    expect(await appendToBob(store, '3')).toEqual([3]);
    expect(await waitingFor(store, 'bob')).toEqual(['2', '3']);
    expect(await store.append([message('nobody', '1')])).toMatchObject([{ position: 1 }]);
    expect(await waitingFor(store, 'nobody')).toEqual(['1']);
  });

  it('takes nothing from the log of another user', async () => {
    const store = await open();
    await store.append([message('bob', '1'), message('mallory', '2')]);
    await confirm(store, 'mallory', 1);
    expect(await waitingFor(store, 'bob')).toEqual(['1']);
    expect(await waitingFor(store, 'mallory')).toEqual([]);
  });
};
