import type { MessageStore, Retention } from '@imcore/server/ports';
import { expect, it } from 'vitest';
import {
  ALL,
  advanceBob,
  appendToBob,
  confirm,
  device,
  logOf,
  message,
  NOON,
  type OpenStore,
  positionsOf,
  type Section,
  sweep,
  waitingFor,
} from './fixture.js';

/** A store in which Bob has these devices, and messages that are called as their positions. */
async function withDevices(
  open: OpenStore,
  ids: readonly string[],
  messages: number,
  retention: Retention = {},
): Promise<MessageStore> {
  const store = await open(retention);
  for (const id of ids) await store.putDevice('bob', device(id, { kind: id === '' ? '' : 'web' }));
  await appendToBob(store, ...Array.from({ length: messages }, (_, index) => `${index + 1}`));
  return store;
}

/** What Bob's log still has, after everything was removed that may be: where it begins, and its entries. */
async function restOf(store: MessageStore): Promise<readonly [number, readonly string[]]> {
  await sweep(store, NOON);
  return [(await store.read('bob', 0, ALL)).removed, await logOf(store, 'bob')];
}

export const removing: Section = (open) => {
  it('removes what the only device has taken', async () => {
    const store = await withDevices(open, ['web'], 4);
    await advanceBob(store, 'web', 2);
    expect(await restOf(store)).toEqual([2, ['3', '4']]);
    await advanceBob(store, 'web', 4);
    expect(await restOf(store)).toEqual([4, []]);
    expect(await store.take('bob', 0, 10)).toMatchObject({ entries: [], removed: 4, last: 4 });
    await appendToBob(store, '5');
    expect(await restOf(store)).toEqual([4, ['5']]);
  });

  it('removes what the v6 device of a user without named devices has taken, and leaves gaps', async () => {
    const store = await withDevices(open, [], 6);
    await confirm(store, 'bob', 1, 3, 5, 6);
    expect(await restOf(store)).toEqual([1, ['2', '4']]);
    await confirm(store, 'bob', 2);
    expect(await restOf(store)).toEqual([3, ['4']]);
    await confirm(store, 'bob', 4);
    expect(await restOf(store)).toEqual([6, []]);
  });

  it('keeps an entry until the last device has taken it', async () => {
    const store = await withDevices(open, ['', 'web', 'phone'], 3);
    await confirm(store, 'bob', 1, 3);
    await advanceBob(store, 'web', 3);
    expect(await restOf(store)).toEqual([0, ['1', '2', '3']]);
    await advanceBob(store, 'phone', 2);
    expect(await restOf(store)).toEqual([1, ['2', '3']]);
    await confirm(store, 'bob', 2);
    expect(await restOf(store)).toEqual([2, ['3']]);
    await advanceBob(store, 'phone', 3);
    expect(await restOf(store)).toEqual([3, []]);
  });

  it('keeps for the v6 device what named devices have taken, in the middle too', async () => {
    const store = await withDevices(open, ['', 'web'], 4);
    await confirm(store, 'bob', 2, 4);
    await advanceBob(store, 'web', 4);
    expect(await restOf(store)).toEqual([0, ['1', '3']]);
    expect(await waitingFor(store, 'bob')).toEqual(['1', '3']);
  });

  it('keeps nothing for a v6 device that does not exist', async () => {
    const store = await withDevices(open, ['web'], 2);
    await advanceBob(store, 'web', 1);
    expect(await restOf(store)).toEqual([1, ['2']]);
    expect(await waitingFor(store, 'bob')).toEqual(['2']);
  });

  it('keeps everything for a user without any device', async () => {
    const store = await withDevices(open, [], 2);
    await store.putDevice('bob', device('web'));
    await store.removeDevice('bob', 'web');
    expect(await restOf(store)).toEqual([0, ['1', '2']]);
  });

  it('removes what a removed device has held back, named or v6', async () => {
    const store = await withDevices(open, ['', 'web', 'phone'], 3);
    await confirm(store, 'bob', 1, 2);
    await advanceBob(store, 'web', 3);
    expect(await restOf(store)).toEqual([0, ['1', '2', '3']]);
    await store.removeDevice('bob', 'phone');
    expect(await restOf(store)).toEqual([2, ['3']]);
    await store.removeDevice('bob', '');
    expect(await restOf(store)).toEqual([3, []]);
  });

  it('gives a device that is added later what the log still has', async () => {
    const store = await withDevices(open, ['web'], 4);
    await advanceBob(store, 'web', 2);
    await sweep(store, NOON);
    await store.putDevice('bob', device('phone'));
    await advanceBob(store, 'web', 4);
    expect(await restOf(store)).toEqual([2, ['3', '4']]);
    expect((await store.read('bob', 0, 1)).entries).toMatchObject([{ position: 3 }]);
    await advanceBob(store, 'phone', 4);
    expect(await restOf(store)).toEqual([4, []]);
  });

  it('removes what is before the position of the first device when it is added', async () => {
    const store = await withDevices(open, [], 3);
    await store.putDevice('bob', device('web', { position: 2 }));
    expect(await restOf(store)).toEqual([2, ['3']]);
  });

  it('reads a log of which little is left', async () => {
    const store = await withDevices(open, [], 40);
    const left = [1, 20, 40];
    await confirm(
      store,
      'bob',
      ...Array.from({ length: 40 }, (_, n) => n + 1).filter((n) => !left.includes(n)),
    );
    await sweep(store, NOON);
    for (const read of [store.read.bind(store), store.take.bind(store)]) {
      expect(positionsOf(await read('bob', 0, 10))).toEqual([1, 20, 40]);
      expect(positionsOf(await read('bob', 5, 1))).toEqual([20]);
      expect(positionsOf(await read('bob', 20, 10))).toEqual([40]);
    }
  });

  it('reads on over gaps, in full pages', async () => {
    const store = await withDevices(open, [], 9);
    await confirm(store, 'bob', 2, 3, 4, 6, 8);
    await sweep(store, NOON);
    const page = await store.read('bob', 1, 2);
    expect(page.entries.map(({ position }) => position)).toEqual([5, 7]);
    expect((await store.read('bob', 3, 2)).entries.map(({ position }) => position)).toEqual([5, 7]);
    expect((await store.take('bob', 7, 10)).entries.map(({ position }) => position)).toEqual([9]);
  });

  it('keeps a log short whose messages are taken in order', async () => {
    const store = await withDevices(open, ['', 'web'], 0);
    for (let round = 0; round < 20; round += 1) {
      const positions = await appendToBob(store, ...Array.from({ length: 50 }, (_, n) => `${round} ${n}`));
      await confirm(store, 'bob', ...positions);
      await advanceBob(store, 'web', positions.at(-1) ?? 0);
    }
    expect(await restOf(store)).toEqual([1000, []]);
  });

  it('frees the bytes of what it removes', async () => {
    const body = 'x'.repeat(16 * 1024);
    const store = await withDevices(open, ['', 'web'], 0, { maxTotalBytes: 1024 * 1024 });
    for (let number = 0; number < 100; number += 1) {
      const [result] = await store.append([message('bob', `${number}`, { body })]);
      expect(result).toMatchObject({ outcome: 'stored', position: number + 1 });
      await advanceBob(store, 'web', number + 1);
      await confirm(store, 'bob', number + 1);
      if (number % 10 === 9) await sweep(store, NOON);
    }
  });
};
