import { expect, it } from 'vitest';
import { appendToBob, confirm, message, namesOf, readPages, type Section, waitingFor } from './fixture.js';

export const queues: Section = (open) => {
  it('keeps the logs of users separate', async () => {
    const store = await open();
    await store.append([message('bob', '1'), message('carol', '2')]);
    expect(await waitingFor(store, 'bob')).toEqual(['1']);
    expect(await waitingFor(store, 'carol')).toEqual(['2']);
    expect(await waitingFor(store, 'dave')).toEqual([]);
  });

  it('counts the waiting messages of a user, and the bytes of their bodies', async () => {
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

  it('never reports a log as empty from which `take` returns a message', async () => {
    const store = await open();
    const isEmptyFor = (userId: string): boolean => store.isEmptyFor?.(userId) === true;
    await store.append([message('bob', '1'), message('carol', '2')]);
    expect([isEmptyFor('bob'), isEmptyFor('carol')]).toEqual([false, false]);
    await confirm(store, 'bob', 1);
    // Nothing waits for Bob now; `isEmptyFor` may report that, but does not have to.
    expect(await waitingFor(store, 'bob')).toEqual([]);
    await appendToBob(store, '3');
    expect([isEmptyFor('bob'), isEmptyFor('carol')]).toEqual([false, false]);
  });

  it('returns pages that begin after the last position of the page before', async () => {
    const store = await open();
    const all = Array.from({ length: 10 }, (_, index) => `${index}`);
    await store.append(all.flatMap((name) => [message('bob', name), message('carol', `c${name}`)]));
    const pages = [all.slice(0, 4), all.slice(4, 8), all.slice(8)];
    expect(await readPages(store, 'bob', 4)).toEqual(pages);
    expect(await readPages(store, 'bob', 4, 'read')).toEqual(pages);
  });

  it('returns full pages although messages between were taken', async () => {
    const store = await open();
    await appendToBob(store, '1', '2', '3', '4', '5', '6', '7');
    await confirm(store, 'bob', 2, 3, 5);
    expect(await readPages(store, 'bob', 2)).toEqual([
      ['1', '4'],
      ['6', '7'],
    ]);
  });

  it('returns a page of five thousand messages', async () => {
    const store = await open();
    const all = Array.from({ length: 6000 }, (_, index) => `${index}`);
    await store.append(all.map((name) => message('bob', name)));
    expect(await readPages(store, 'bob', 5000)).toEqual([all.slice(0, 5000), all.slice(5000)]);
  });

  it('returns the end of the log with each page', async () => {
    const store = await open();
    await appendToBob(store, '1', '2', '3');
    expect(await store.take('bob', 0, 1)).toMatchObject({ removed: 0, last: 3 });
    expect(await store.read('bob', 3, 1)).toMatchObject({ entries: [], removed: 0, last: 3 });
  });

  it('returns nothing for a limit of 0', async () => {
    const store = await open();
    await appendToBob(store, '1');
    expect(await store.take('bob', 0, 0)).toMatchObject({ entries: [], removed: 0, last: 1 });
    expect(await store.read('bob', 0, 0)).toMatchObject({ entries: [], removed: 0, last: 1 });
  });

  it('returns nothing behind the end of the log', async () => {
    const store = await open();
    await appendToBob(store, '1');
    expect(await store.take('bob', 1000, 10)).toMatchObject({ entries: [], last: 1 });
    expect(await store.read('bob', Number.MAX_SAFE_INTEGER, 10)).toMatchObject({ entries: [], last: 1 });
  });

  it('continues after a position that was confirmed', async () => {
    const store = await open();
    await appendToBob(store, '1', '2', '3', '4');
    await confirm(store, 'bob', 2, 1);
    expect(namesOf((await store.take('bob', 2, 10)).entries)).toEqual(['3', '4']);
  });

  it('returns a message that arrives when the reader is at the end', async () => {
    const store = await open();
    await appendToBob(store, '1');
    expect((await store.take('bob', 1, 10)).entries).toEqual([]);
    await appendToBob(store, '2');
    expect(namesOf((await store.take('bob', 1, 10)).entries)).toEqual(['2']);
  });
};
