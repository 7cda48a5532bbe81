import { expect, it } from 'vitest';
import { appendToBob, message, namesOf, readPages, type Section, waitingFor } from './fixture.js';

export const queues: Section = (open) => {
  it('keeps users apart', async () => {
    const store = await open();
    await store.append([message('bob', '1'), message('carol', '2')]);
    expect(await waitingFor(store, 'bob')).toEqual(['1']);
    expect(await waitingFor(store, 'carol')).toEqual(['2']);
    expect(await waitingFor(store, 'dave')).toEqual([]);
  });

  it('counts what waits for a user, and the bytes of its bodies', async () => {
    const store = await open();
    await store.append([
      message('bob', '1', { body: 'four' }),
      message('bob', '2', { body: '\u00e6\u00b6\u0088' }),
      message('carol', '3', { body: 'seventeen' }),
    ]);
    expect(await store.count('bob')).toEqual({ messages: 2, bytes: 7 });
    expect(await store.count('dave')).toEqual({ messages: 0, bytes: 0 });
  });

  it('counts a message once, however often it comes', async () => {
    const store = await open();
    await store.append([message('bob', '1', { body: 'four' }), message('bob', '1', { body: 'four' })]);
    await store.append([message('bob', '1', { body: 'four' })]);
    expect(await store.count('bob')).toEqual({ messages: 1, bytes: 4 });
  });

  it('never says that nothing waits for a user for whom something does', async () => {
    const store = await open();
    const isEmptyFor = (userId: string): boolean => store.isEmptyFor?.(userId) === true;
    await store.append([message('bob', '1'), message('carol', '2')]);
    expect([isEmptyFor('bob'), isEmptyFor('carol')]).toEqual([false, false]);
    const [bobs] = await store.take('bob', undefined, 1);
    await store.confirm([{ userId: 'bob', ids: [bobs?.id ?? 0] }]);
    // Empty now, whether the store can tell or not.
    expect(await waitingFor(store, 'bob')).toEqual([]);
    await store.append([message('bob', '3')]);
    expect([isEmptyFor('bob'), isEmptyFor('carol')]).toEqual([false, false]);
  });

  it('takes page by page, behind the last id of the page before', async () => {
    const store = await open();
    const all = Array.from({ length: 10 }, (_, index) => `${index}`);
    await store.append(all.flatMap((name) => [message('bob', name), message('carol', `c${name}`)]));
    expect(await readPages(store, 'bob', 4)).toEqual([all.slice(0, 4), all.slice(4, 8), all.slice(8)]);
  });

  it('takes a page of five thousand', async () => {
    const store = await open();
    const all = Array.from({ length: 6000 }, (_, index) => `${index}`);
    await store.append(all.map((name) => message('bob', name)));
    expect(await readPages(store, 'bob', 5000)).toEqual([all.slice(0, 5000), all.slice(5000)]);
  });

  it('gives nothing where nothing is asked for', async () => {
    const store = await open();
    await appendToBob(store, '1');
    expect(await store.take('bob', undefined, 0)).toEqual([]);
  });

  it('takes behind an id that no longer waits', async () => {
    const store = await open();
    const [first = 0, second = 0] = await appendToBob(store, '1', '2', '3', '4');
    await store.confirm([{ userId: 'bob', ids: [second, first] }]);
    expect(namesOf(await store.take('bob', second, 10))).toEqual(['3', '4']);
  });

  it('gives a message that comes while its reader is at the end', async () => {
    const store = await open();
    const [first = 0] = await appendToBob(store, '1');
    expect(await store.take('bob', first, 10)).toEqual([]);
    await appendToBob(store, '2');
    expect(namesOf(await store.take('bob', first, 10))).toEqual(['2']);
  });
};
