import { expect, it } from 'vitest';
import { appendToBob, message, requireId, type Section, waitingFor } from './fixture.js';

const FULL = { outcome: 'full', limit: 'maxPerUser' };
const TOO_MANY_BYTES = { outcome: 'full', limit: 'maxBytesPerUser' };

export const bounds: Section = (open) => {
  it('reports a full queue, keeps its messages, and accepts more when there is room', async () => {
    const store = await open({ maxPerUser: 2 });
    const results = await store.append(['1', '2', '3'].map((name) => message('bob', name)));
    expect(results.map(({ outcome }) => outcome)).toEqual(['stored', 'stored', 'full']);
    expect(results[2]).toEqual(FULL);
    expect(await waitingFor(store, 'bob')).toEqual(['1', '2']);
    await store.confirm([{ userId: 'bob', ids: [requireId(results[0])] }]);
    expect(await store.append([message('bob', '3'), message('bob', '4')])).toMatchObject([
      { outcome: 'stored' },
      FULL,
    ]);
    expect(await waitingFor(store, 'bob')).toEqual(['2', '3']);
  });

  it('limits each user separately', async () => {
    const store = await open({ maxPerUser: 1 });
    const results = await store.append([message('bob', '1'), message('carol', '2'), message('bob', '3')]);
    expect(results).toMatchObject([{ outcome: 'stored' }, { outcome: 'stored' }, FULL]);
  });

  it('limits the bytes of a queue, and accepts what still fits', async () => {
    const store = await open({ maxBytesPerUser: 10 });
    const results = await store.append([
      message('bob', '1', { body: '12345678' }),
      message('bob', '2', { body: '123' }),
      message('bob', '3', { body: '12' }),
      message('carol', '4', { body: '1234567890' }),
    ]);
    expect(results).toMatchObject([
      { outcome: 'stored' },
      TOO_MANY_BYTES,
      { outcome: 'stored' },
      { outcome: 'stored' },
    ]);
    expect(await store.count('bob')).toEqual({ messages: 2, bytes: 10 });
  });

  it('frees the bytes of confirmed messages', async () => {
    const store = await open({ maxBytesPerUser: 10 });
    const [first] = await store.append([message('bob', '1', { body: '1234567890' })]);
    await store.confirm([{ userId: 'bob', ids: [requireId(first)] }]);
    expect(await store.append([message('bob', '2', { body: '1234567890' })])).toMatchObject([
      { outcome: 'stored' },
    ]);
  });

  it('recognizes a duplicate when the queue is full', async () => {
    const store = await open({ maxPerUser: 1 });
    const [first] = await appendToBob(store, '1');
    expect(await store.append([message('bob', '1')])).toEqual([{ outcome: 'duplicate', id: first }]);
  });

  it('does not remember a message that it had no room for', async () => {
    const store = await open({ maxPerUser: 1 });
    const ids = await appendToBob(store, '1');
    await store.append([message('bob', '2')]);
    expect(await store.append([message('bob', '2')])).toEqual([FULL]);
    await store.confirm([{ userId: 'bob', ids }]);
    expect(await store.append([message('bob', '2')])).toMatchObject([{ outcome: 'stored' }]);
  });
};
