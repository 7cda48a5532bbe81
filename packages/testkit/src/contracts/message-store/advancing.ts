import { expect, it } from 'vitest';
import {
  advanceBob,
  appendToBob,
  confirm,
  device,
  logOf,
  message,
  type Section,
  waitingFor,
} from './fixture.js';

export const advancing: Section = (open) => {
  it('returns to a named device also what other devices have taken', async () => {
    const store = await open();
    await store.putDevice('bob', device('web'));
    await store.putDevice('bob', device('phone'));
    await appendToBob(store, '1', '2', '3');
    await confirm(store, 'bob', 1, 3);
    await advanceBob(store, 'phone', 2);
    expect(await logOf(store, 'bob')).toEqual(['1', '2', '3']);
    expect(await waitingFor(store, 'bob')).toEqual(['2']);
  });

  it('returns to the v6 device also what named devices have taken', async () => {
    const store = await open();
    await store.putDevice('bob', device('', { kind: '' }));
    await store.putDevice('bob', device('web'));
    await appendToBob(store, '1', '2');
    await advanceBob(store, 'web', 2);
    expect(await waitingFor(store, 'bob')).toEqual(['1', '2']);
    expect(store.isEmptyFor?.('bob') === true).toBe(false);
  });

  it('moves each device of each user by itself', async () => {
    const store = await open();
    const users = ['bob', 'carol'];
    for (const userId of users) for (const id of ['web', 'phone']) await store.putDevice(userId, device(id));
    await store.append(users.flatMap((to) => ['1', '2', '3'].map((name) => message(to, name))));
    await store.advance([
      { userId: 'bob', deviceId: 'web', position: 2 },
      { userId: 'carol', deviceId: 'phone', position: 3 },
      { userId: 'bob', deviceId: 'phone', position: 1 },
    ]);
    const positions = async (userId: string) =>
      (await store.devices(userId)).map(({ id, position }) => `${id} ${position}`);
    expect(await positions('bob')).toEqual(['phone 1', 'web 2']);
    expect(await positions('carol')).toEqual(['phone 3', 'web 0']);
  });

  it('moves a device to the largest of several positions', async () => {
    const store = await open();
    await store.putDevice('bob', device('web'));
    await appendToBob(store, '1', '2', '3');
    await store.advance([1, 3, 2].map((position) => ({ userId: 'bob', deviceId: 'web', position })));
    expect(await store.devices('bob')).toMatchObject([{ position: 3 }]);
  });

  it('ignores smaller positions, and positions beyond the end of the log', async () => {
    const store = await open();
    await store.putDevice('bob', device('web'));
    await appendToBob(store, '1', '2', '3');
    await advanceBob(store, 'web', 2);
    for (const position of [1, 0, -1, 4, 1000, Number.MAX_SAFE_INTEGER]) {
      await advanceBob(store, 'web', position);
      expect(await store.devices('bob')).toMatchObject([{ position: 2 }]);
    }
    expect(await store.count('bob')).toMatchObject({ messages: 1 });
    await appendToBob(store, '4', '5');
    expect(await store.count('bob')).toMatchObject({ messages: 3 });
  });

  it('ignores unknown users and devices, and removed devices', async () => {
    const store = await open();
    await appendToBob(store, '1');
    await store.putDevice('bob', device('web'));
    await store.removeDevice('bob', 'web');
    await store.advance([
      { userId: 'bob', deviceId: 'web', position: 1 },
      { userId: 'bob', deviceId: 'phone', position: 1 },
      { userId: 'nobody', deviceId: 'web', position: 1 },
    ]);
    await store.advance([]);
    expect(await store.devices('bob')).toEqual([]);
    expect(await waitingFor(store, 'bob')).toEqual(['1']);
    expect(await store.count('bob')).toMatchObject({ messages: 1 });
  });
};
