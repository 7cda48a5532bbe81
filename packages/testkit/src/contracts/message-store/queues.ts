import { expect, it } from 'vitest';
import { appendToBob, message, namesOf, readPages, type Section, waitingFor } from './fixture.js';

export const queues: Section = (open) => {
  it('keeps the queues of users separate', async () => {
    const store = await open();
    await store.append([message('bob', '1'), message('carol', '2')]);
    expect(await waitingFor(store, 'bob')).toEqual(['1']);
    expect(await waitingFor(store, 'carol')).toEqual(['2']);
    expect(await waitingFor(store, 'dave')).toEqual([]);
  });

  it('counts the messages of a user, and the bytes of their bodies', async () => {
    const store = await open();
    await store.append([
      message('bob', '1', { body: 'four' }),
      message('bob', '2', { body: '\u00e6\u00b6\u0088' }),
      message('carol', '3', { body: 'seventeen' }),
    ]);
    expect(await store.count('bob')).toEqual({ messages: 2, bytes: 7 });
    expect(await store.count('dave')).toEqual({ messages: 0, bytes: 0 });
  });

  it('counts duplicates once', async () => {
    const store = await open();
    await store.append([message('bob', '1', { body: 'four' }), message('bob', '1', { body: 'four' })]);
    await store.append([message('bob', '1', { body: 'four' })]);
    expect(await store.count('bob')).toEqual({ messages: 1, bytes: 4 });
  });

  it('never reports a queue as empty that is not', async () => {
    const store = await open();
    const isEmptyFor = (userId: string): boolean => store.isEmptyFor?.(userId) === true;
    await store.append([message('bob', '1'), message('carol', '2')]);
    expect([isEmptyFor('bob'), isEmptyFor('carol')]).toEqual([false, false]);
    const [bobs] = await store.take('bob', undefined, 1);
    await store.confirm([{ userId: 'bob', ids: [bobs?.id ?? 0] }]);
    // Bob's queue is empty now; `isEmptyFor` may report that, but does not have to.
    expect(await waitingFor(store, 'bob')).toEqual([]);
    await store.append([message('bob', '3')]);
    expect([isEmptyFor('bob'), isEmptyFor('carol')]).toEqual([false, false]);
  });

  it('returns pages that begin after the last id of the page before', async () => {
    const store = await open();
    const all = Array.from({ length: 10 }, (_, index) => `${index}`);
    await store.append(all.flatMap((name) => [message('bob', name), message('carol', `c${name}`)]));
    expect(await readPages(store, 'bob', 4)).toEqual([all.slice(0, 4), all.slice(4, 8), all.slice(8)]);
  });

  it('returns a page of five thousand messages', async () => {
    const store = await open();
    const all = Array.from({ length: 6000 }, (_, index) => `${index}`);
    await store.append(all.map((name) => message('bob', name)));
    expect(await readPages(store, 'bob', 5000)).toEqual([all.slice(0, 5000), all.slice(5000)]);
  });

  it('returns nothing for a limit of 0', async () => {
    const store = await open();
    await appendToBob(store, '1');
    expect(await store.take('bob', undefined, 0)).toEqual([]);
  });

  it('continues after an id that was confirmed', async () => {
    const store = await open();
    const [first = 0, second = 0] = await appendToBob(store, '1', '2', '3', '4');
    await store.confirm([{ userId: 'bob', ids: [second, first] }]);
    expect(namesOf(await store.take('bob', second, 10))).toEqual(['3', '4']);
  });

  it('returns a message that arrives when the reader is at the end', async () => {
    const store = await open();
    const [first = 0] = await appendToBob(store, '1');
    expect(await store.take('bob', first, 10)).toEqual([]);
    await appendToBob(store, '2');
    expect(namesOf(await store.take('bob', first, 10))).toEqual(['2']);
  });
};
