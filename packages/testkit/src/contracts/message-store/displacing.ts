import type { DeadLetter } from '@imcore/server/ports';
import { expect, it } from 'vitest';
import {
  appendToBob,
  confirm,
  message,
  NOON,
  namesOf,
  requireId,
  type Section,
  sweep,
  waitingFor,
} from './fixture.js';

const DROP = { whenFull: 'drop-oldest' } as const;

export const displacing: Section = (open) => {
  it('moves the oldest messages to the dead letters when the queue is full', async () => {
    const store = await open({ ...DROP, maxPerUser: 2 }, () => 5000);
    const [first] = await store.append([message('bob', '1'), message('bob', '2')]);
    const deadLetter = {
      ...message('bob', '1'),
      id: expect.any(Number),
      messageId: requireId(first),
      cause: 'displaced',
      deadLetteredAt: 5000,
    };
    expect(await store.append([message('bob', '3')])).toEqual([
      { outcome: 'stored', id: expect.any(Number), position: 3, displaced: [deadLetter] },
    ]);
    expect(await waitingFor(store, 'bob')).toEqual(['2', '3']);
    expect(await store.deadLetters(0, 10)).toEqual([deadLetter]);
  });

  it('displaces as many messages as the bytes need, and counts the remaining ones', async () => {
    const store = await open({ ...DROP, maxBytesPerUser: 10 });
    await store.append(['1', '2', '3'].map((name) => message('bob', name, { body: '123' })));
    const [result] = await store.append([message('bob', '4', { body: '12345' })]);
    expect(result?.outcome === 'stored' && namesOf(result.displaced ?? [])).toEqual(['1', '2']);
    expect(await store.count('bob')).toEqual({ messages: 2, bytes: 8 });
  });

  it('keeps the newest messages of a call that is larger than the queue', async () => {
    const store = await open({ ...DROP, maxPerUser: 2 });
    const results = await store.append(['1', '2', '3', '4'].map((name) => message('bob', name)));
    expect(results.map(({ outcome }) => outcome)).toEqual(['stored', 'stored', 'stored', 'stored']);
    expect(await waitingFor(store, 'bob')).toEqual(['3', '4']);
    expect(namesOf(await store.deadLetters(0, 10))).toEqual(['1', '2']);
  });

  it('displaces no message of another user, and none for a duplicate', async () => {
    const store = await open({ ...DROP, maxPerUser: 1 });
    await store.append([message('carol', '1'), message('bob', '2')]);
    await store.append([message('bob', '2')]);
    expect(await store.deadLetters(0, 10)).toEqual([]);
    await store.append([message('bob', '3')]);
    expect(await waitingFor(store, 'carol')).toEqual(['1']);
  });

  it('rejects a message that is larger than the queue, and displaces none for it', async () => {
    const store = await open({ ...DROP, maxBytesPerUser: 10 });
    await appendToBob(store, '1');
    expect(await store.append([message('bob', '2', { body: '12345678901' })])).toEqual([
      { outcome: 'full', limit: 'maxBytesPerUser' },
    ]);
    expect(await waitingFor(store, 'bob')).toEqual(['1']);
  });

  it.each(['drop-oldest', 'reject-newest'] as const)(
    'with %s stores messages that ignore the limits, and displaces none for them',
    async (whenFull) => {
      const store = await open({ whenFull, maxPerUser: 1, maxBytesPerUser: 20 });
      await appendToBob(store, '1');
      const body = 'longer than twenty bytes';
      const records = ['2', '3', '4'].map((name) => message('bob', name, { body, ignoresLimits: true }));
      const stored = { outcome: 'stored', id: expect.any(Number) };
      expect(await store.append(records)).toEqual([2, 3, 4].map((position) => ({ ...stored, position })));
      expect(await waitingFor(store, 'bob')).toEqual(['1', '2', '3', '4']);
      expect((await store.health()).deadLetters).toBe(0);
    },
  );

  it('applies the limits to the other messages of the same call', async () => {
    const store = await open({ whenFull: 'reject-newest', maxPerUser: 1 });
    await appendToBob(store, '1');
    const results = await store.append([message('bob', '2'), message('bob', '3', { ignoresLimits: true })]);
    expect(results).toMatchObject([{ outcome: 'full', limit: 'maxPerUser' }, { outcome: 'stored' }]);
    expect(await waitingFor(store, 'bob')).toEqual(['1', '3']);
  });

  it('leaves a gap where a message was displaced', async () => {
    const store = await open({ ...DROP, maxPerUser: 2 });
    await appendToBob(store, '1', '2', '3');
    expect(await store.read('bob', 0, 10)).toMatchObject({ removed: 1, last: 3 });
    await confirm(store, 'bob', 3, 2);
    await appendToBob(store, '4');
    expect(await waitingFor(store, 'bob')).toEqual(['4']);
  });

  it('recognizes a duplicate of a displaced message', async () => {
    const store = await open({ ...DROP, maxPerUser: 1 });
    const [first] = await store.append([message('bob', '1'), message('bob', '2')]);
    expect(await store.append([message('bob', '1')])).toEqual([
      { outcome: 'duplicate', id: requireId(first), position: undefined },
    ]);
    expect(await waitingFor(store, 'bob')).toEqual(['2']);
  });

  it('deletes the oldest dead letters beyond their limit, and reports each once', async () => {
    const store = await open({ ...DROP, maxPerUser: 1, maxDeadLetters: 2, maxAgeMs: 60_000 });
    const deleted: DeadLetter[] = [];
    store.onDeadLettersDeleted((deadLetters) => deleted.push(...deadLetters));
    await appendToBob(store, '1', '2', '3', '4', '5');
    expect(namesOf(await store.deadLetters(0, 10))).toEqual(['3', '4']);
    expect((await store.health()).deadLetters).toBe(2);
    expect(deleted).toMatchObject([
      { ...message('bob', '1'), cause: 'displaced', deadLetteredAt: NOON },
      { ...message('bob', '2'), cause: 'displaced' },
    ]);
    await sweep(store, NOON + 60_001);
    expect(namesOf(deleted)).toEqual(['1', '2', '3']);
    await store.discard((await store.deadLetters(0, 10)).map(({ id }) => id));
    expect(deleted).toHaveLength(3);
  });
};
