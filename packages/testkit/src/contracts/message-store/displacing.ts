import { expect, it } from 'vitest';
import { appendToBob, message, namesOf, type Section, waitingFor } from './fixture.js';

const DROP = { whenFull: 'drop-oldest' } as const;

export const displacing: Section = (open) => {
  it('lets the oldest make room, as dead letters', async () => {
    const store = await open({ ...DROP, maxPerUser: 2 }, () => 5000);
    const [first = 0] = await appendToBob(store, '1', '2');
    const letter = { ...message('bob', '1'), id: first, cause: 'displaced', diedAt: 5000 };
    expect(await store.append([message('bob', '3')])).toEqual([
      { outcome: 'stored', id: expect.any(Number), displaced: [letter] },
    ]);
    expect(await waitingFor(store, 'bob')).toEqual(['2', '3']);
    expect(await store.deadLetters(undefined, 10)).toEqual([letter]);
  });

  it('lets as many make room as the bytes need, and counts what is left', async () => {
    const store = await open({ ...DROP, maxBytesPerUser: 10 });
    await store.append(['1', '2', '3'].map((name) => message('bob', name, { body: '123' })));
    const [result] = await store.append([message('bob', '4', { body: '12345' })]);
    expect(result?.outcome === 'stored' && namesOf(result.displaced ?? [])).toEqual(['1', '2']);
    expect(await store.count('bob')).toEqual({ messages: 2, bytes: 8 });
  });

  it('keeps the newest of a call that is larger than the mailbox', async () => {
    const store = await open({ ...DROP, maxPerUser: 2 });
    const results = await store.append(['1', '2', '3', '4'].map((name) => message('bob', name)));
    expect(results.map(({ outcome }) => outcome)).toEqual(['stored', 'stored', 'stored', 'stored']);
    expect(await waitingFor(store, 'bob')).toEqual(['3', '4']);
    expect(namesOf(await store.deadLetters(undefined, 10))).toEqual(['1', '2']);
  });

  it('displaces nobody else, and nobody for a duplicate', async () => {
    const store = await open({ ...DROP, maxPerUser: 1 });
    await store.append([message('carol', '1'), message('bob', '2')]);
    await store.append([message('bob', '2')]);
    expect(await store.deadLetters(undefined, 10)).toEqual([]);
    await store.append([message('bob', '3')]);
    expect(await waitingFor(store, 'carol')).toEqual(['1']);
  });

  it('refuses a message for which no room can be made, and displaces nobody for it', async () => {
    const store = await open({ ...DROP, maxBytesPerUser: 10 });
    await appendToBob(store, '1');
    expect(await store.append([message('bob', '2', { body: '12345678901' })])).toEqual([
      { outcome: 'full', limit: 'maxBytesPerUser' },
    ]);
    expect(await waitingFor(store, 'bob')).toEqual(['1']);
  });

  it('knows a late copy of what was displaced', async () => {
    const store = await open({ ...DROP, maxPerUser: 1 });
    await appendToBob(store, '1', '2');
    expect(await store.append([message('bob', '1')])).toEqual([{ outcome: 'duplicate', id: undefined }]);
    expect(await waitingFor(store, 'bob')).toEqual(['2']);
  });

  it('deletes the oldest dead letters beyond their limit', async () => {
    const store = await open({ ...DROP, maxPerUser: 1, maxDeadLetters: 2 });
    await appendToBob(store, '1', '2', '3', '4', '5');
    expect(namesOf(await store.deadLetters(undefined, 10))).toEqual(['3', '4']);
    expect((await store.health()).deadLetters).toBe(2);
  });
};
