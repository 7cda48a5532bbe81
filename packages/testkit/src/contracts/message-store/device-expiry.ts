import { expect, it } from 'vitest';
import {
  advanceBob,
  appendToBob,
  confirm,
  device,
  logOf,
  NOON,
  type Section,
  sweep,
  waitingFor,
} from './fixture.js';

const MINUTE = { deviceExpiryMs: 60_000 };
const V6 = { id: '', kind: '', name: '', position: 0, seenAt: NOON };

export const deviceExpiry: Section = (open) => {
  it('removes devices that were not seen for `deviceExpiryMs`, and reports them', async () => {
    const store = await open(MINUTE);
    await store.putDevice('bob', device('web'));
    await store.putDevice('bob', device('phone', { seenAt: NOON + 1000 }));
    await appendToBob(store, '1');
    await advanceBob(store, 'web', 1);
    expect((await sweep(store, NOON + 60_000)).removedDevices).toEqual([]);
    const { removedDevices } = await sweep(store, NOON + 60_001);
    expect(removedDevices).toEqual([{ userId: 'bob', device: device('web', { position: 1 }) }]);
    expect((await store.devices('bob')).map(({ id }) => id)).toEqual(['phone']);
    expect((await sweep(store, NOON + 60_001)).removedDevices).toEqual([]);
  });

  it('keeps devices forever when `deviceExpiryMs` is infinite', async () => {
    const store = await open({ deviceExpiryMs: Number.POSITIVE_INFINITY });
    await store.putDevice('bob', device('web', { seenAt: 0 }));
    expect((await sweep(store, NOON * 2)).removedDevices).toEqual([]);
  });

  it('counts from when a device was put the last time', async () => {
    const store = await open(MINUTE);
    await store.putDevice('bob', device('web'));
    await store.putDevice('bob', device('web', { seenAt: NOON + 50_000 }));
    expect((await sweep(store, NOON + 60_001)).removedDevices).toEqual([]);
    expect((await sweep(store, NOON + 110_001)).removedDevices).toHaveLength(1);
  });

  it('no longer keeps anything for an expired device', async () => {
    const store = await open(MINUTE);
    await store.putDevice('bob', device('web'));
    await store.putDevice('bob', device('phone', { seenAt: NOON + 60_000 }));
    await appendToBob(store, '1', '2', '3');
    await advanceBob(store, 'phone', 2);
    await sweep(store, NOON);
    expect(await logOf(store, 'bob')).toEqual(['1', '2', '3']);
    await sweep(store, NOON + 60_001);
    expect(await store.read('bob', 0, 10)).toMatchObject({ removed: 2, last: 3 });
  });

  it('expires the v6 device of a user with named devices, although it confirms', async () => {
    let now = NOON;
    const store = await open(MINUTE, () => now);
    await store.putDevice('bob', device('web', { seenAt: NOON + 60_000 }));
    await appendToBob(store, '1', '2');
    await confirm(store, 'bob', 1);
    now += 30_000;
    await confirm(store, 'bob', 2);
    const { removedDevices } = await sweep(store, NOON + 60_001);
    expect(removedDevices).toEqual([{ userId: 'bob', device: { ...V6, position: 2 } }]);
    expect((await store.devices('bob')).map(({ id }) => id)).toEqual(['web']);
    expect(await store.count('bob')).toEqual({ messages: 0, bytes: 0 });
  });

  it('keeps the v6 device of a user without named devices', async () => {
    const store = await open(MINUTE);
    await store.putDevice('bob', V6);
    await appendToBob(store, '1');
    expect((await sweep(store, NOON + 1e9)).removedDevices).toEqual([]);
    expect(await store.devices('bob')).toEqual([V6]);
    expect(await waitingFor(store, 'bob')).toEqual(['1']);
  });

  it('lets messages wait that no other device has taken', async () => {
    const store = await open(MINUTE);
    await store.putDevice('bob', device('web'));
    await appendToBob(store, '1', '2', '3');
    await advanceBob(store, 'web', 1);
    await sweep(store, NOON + 60_001);
    expect(await store.devices('bob')).toEqual([]);
    expect(await waitingFor(store, 'bob')).toEqual(['2', '3']);
    expect(await store.count('bob')).toMatchObject({ messages: 2 });
  });
};
