import { expect, it } from 'vitest';
import { appendToBob, confirm, message, NOON, type Section } from './fixture.js';

export const health: Section = (open) => {
  it('is ok and empty at first', async () => {
    const store = await open();
    expect(await store.health()).toEqual({ ok: true, waiting: 0, waitingBytes: 0, deadLetters: 0 });
  });

  it('counts the waiting messages of all users', async () => {
    const store = await open();
    await appendToBob(store, '1', '2');
    await store.append([message('carol', '3', { body: 'four' }), message('carol', '3', { body: 'four' })]);
    await confirm(store, 'bob', 1);
    expect(await store.health()).toEqual({ ok: true, waiting: 2, waitingBytes: 13, deadLetters: 0 });
  });

  it('counts dead letters until they are resent, discarded or confirmed', async () => {
    const store = await open({ maxAgeMs: 1000 });
    const positions = await appendToBob(store, '1', '2', '3', '4');
    const { deadLetters } = await store.expire(NOON + 2000, 10);
    const ids = deadLetters.map(({ id }) => id);
    const counts = async () => {
      const { waiting, waitingBytes, deadLetters } = await store.health();
      return [waiting, waitingBytes, deadLetters];
    };
    expect(await counts()).toEqual([0, 0, 4]);
    await store.resend(ids.slice(0, 1), NOON + 2000);
    expect(await counts()).toEqual([1, 9, 3]);
    await store.discard(ids.slice(1, 2));
    expect(await counts()).toEqual([1, 9, 2]);
    await confirm(store, 'bob', ...positions.slice(2, 3));
    expect(await counts()).toEqual([1, 9, 1]);
  });
};
