import { expect, it } from 'vitest';
import { advanceBob, appendToBob, confirm, device, NOON, namesOf, type Section, sweep } from './fixture.js';

/** The v6 device, as the server puts it. */
const V6 = { id: '', kind: '', name: '', position: 0, seenAt: NOON };

export const devices: Section = (open) => {
  it('adds devices, and returns them in the order of their ids', async () => {
    const store = await open();
    expect(await store.devices('bob')).toEqual([]);
    const [phone, web] = [device('phone', { kind: 'ios', name: '' }), device('web', { seenAt: NOON + 5 })];
    expect(await store.putDevice('bob', web)).toEqual(web);
    expect(await store.putDevice('bob', phone)).toEqual(phone);
    expect(await store.putDevice('bob', V6)).toEqual(V6);
    expect(await store.putDevice('carol', device('web'))).toEqual(device('web'));
    expect(await store.devices('bob')).toEqual([V6, phone, web]);
    expect(await store.devices('carol')).toEqual([device('web')]);
    expect(await store.devices('dave')).toEqual([]);
  });

  it('updates kind, name and `seenAt` of a device, and keeps its position', async () => {
    const store = await open();
    await appendToBob(store, '1', '2', '3');
    await store.putDevice('bob', device('web'));
    await advanceBob(store, 'web', 2);
    const put = { id: 'web', kind: 'desktop', name: 'new', position: 3, seenAt: NOON + 7 };
    const stored = { ...put, position: 2 };
    expect(await store.putDevice('bob', put)).toEqual(stored);
    expect(await store.putDevice('bob', { ...put, position: 0 })).toEqual(stored);
    expect(await store.devices('bob')).toEqual([stored]);
  });

  it('adds a device at a position, at most at the end of the log', async () => {
    const store = await open();
    await appendToBob(store, '1', '2', '3');
    expect(await store.putDevice('bob', device('one', { position: 1 }))).toMatchObject({ position: 1 });
    expect(await store.putDevice('bob', device('two', { position: 99 }))).toMatchObject({ position: 3 });
    expect(await store.putDevice('carol', device('web', { position: 99 }))).toMatchObject({ position: 0 });
    expect((await store.devices('bob')).map(({ position }) => position)).toEqual([1, 3]);
  });

  it('treats what is before the position of a new device as taken', async () => {
    const store = await open();
    await appendToBob(store, '1', '2', '3');
    await store.putDevice('bob', V6);
    await store.putDevice('bob', device('web', { position: 2 }));
    expect(await store.count('bob')).toEqual({ messages: 1, bytes: 'body of 3'.length });
    expect(namesOf((await store.take('bob', 0, 10)).entries)).toEqual(['1', '2', '3']);
  });

  it('treats what is before the position of a new v6 device as taken', async () => {
    const store = await open();
    await appendToBob(store, '1', '2', '3');
    await store.putDevice('bob', device('web'));
    await store.putDevice('bob', { ...V6, position: 2 });
    expect(await store.count('bob')).toEqual({ messages: 1, bytes: 'body of 3'.length });
    expect(namesOf((await store.take('bob', 0, 10)).entries)).toEqual(['3']);
    expect(namesOf((await store.read('bob', 0, 10)).entries)).toEqual(['1', '2', '3']);
    await store.putDevice('bob', { ...V6, position: 3 });
    expect(namesOf((await store.take('bob', 0, 10)).entries)).toEqual(['3']);
  });

  it('removes a device, and resolves with whether it was there', async () => {
    const store = await open();
    await store.putDevice('bob', device('web'));
    await store.putDevice('bob', device('phone'));
    expect(await store.removeDevice('carol', 'web')).toBe(false);
    expect(await store.removeDevice('bob', 'web')).toBe(true);
    expect(await store.removeDevice('bob', 'web')).toBe(false);
    expect(await store.removeDevice('bob', '')).toBe(false);
    expect(await store.removeDevice('nobody', '')).toBe(false);
    expect(await store.devices('bob')).toEqual([device('phone')]);
  });

  it('has a v6 device from the first confirmation on', async () => {
    let now = NOON;
    const store = await open({}, () => now);
    await appendToBob(store, '1', '2', '3');
    expect(await store.devices('bob')).toEqual([]);
    now += 1000;
    await confirm(store, 'bob', 1);
    const v6 = { ...V6, position: 1, seenAt: NOON + 1000 };
    expect(await store.devices('bob')).toEqual([v6]);
    now += 1000;
    await confirm(store, 'bob', 2);
    expect(await store.devices('bob')).toEqual([{ ...v6, position: 2 }]);
    expect(await store.putDevice('bob', { ...V6, seenAt: NOON + 9000 })).toEqual({
      ...v6,
      position: 2,
      seenAt: NOON + 9000,
    });
  });

  it('has no v6 device after a confirmation of unknown positions only', async () => {
    const store = await open();
    await appendToBob(store, '1');
    await confirm(store, 'bob', 2, 999_999_999, 0, -1);
    expect(await store.devices('bob')).toEqual([]);
    await store.putDevice('bob', device('web'));
    await confirm(store, 'bob', 2, 999_999_999, 0, -1);
    expect(await store.devices('bob')).toEqual([device('web')]);
  });

  it('moves the position of the v6 device when all before it is taken', async () => {
    const store = await open();
    await appendToBob(store, '1', '2', '3', '4', '5');
    const positionAfter = async (...positions: readonly number[]) => {
      await confirm(store, 'bob', ...positions);
      return (await store.devices('bob')).map(({ position }) => position);
    };
    expect(await positionAfter(3)).toEqual([0]);
    expect(await positionAfter(2)).toEqual([0]);
    expect(await positionAfter(1)).toEqual([3]);
    expect(await positionAfter(5, 4)).toEqual([5]);
  });

  it('removes the v6 device and adds it again, without giving it again what it has taken', async () => {
    const store = await open();
    await appendToBob(store, '1', '2', '3');
    await store.putDevice('bob', device('web'));
    await confirm(store, 'bob', 1, 3);
    expect(await store.removeDevice('bob', '')).toBe(true);
    expect(await store.devices('bob')).toEqual([device('web')]);
    expect(await store.count('bob')).toEqual({ messages: 1, bytes: 'body of 2'.length });
    await store.putDevice('bob', V6);
    await sweep(store, NOON);
    expect(await store.take('bob', 0, 10)).toMatchObject({ entries: [{ fingerprint: '2' }] });
    expect(await store.read('bob', 0, 10)).toMatchObject({ removed: 0, entries: [{}, {}, {}] });
  });

  it('tells with each page, and by `isEmptyFor`, whether the user has a named device', async () => {
    const store = await open();
    const mayBeEmpty = () => store.isEmptyFor?.('bob') === true;
    expect(await store.take('bob', 0, 10)).toMatchObject({ hasNamedDevice: false });
    await appendToBob(store, '1');
    await store.putDevice('bob', device('', { position: 1 }));
    expect(await store.read('bob', 0, 10)).toMatchObject({ hasNamedDevice: false });
    await store.putDevice('bob', device('web', { position: 1 }));
    expect(mayBeEmpty()).toBe(false);
    expect(await store.take('bob', 0, 10)).toMatchObject({ entries: [], hasNamedDevice: true });
    expect(await store.read('bob', 0, 10)).toMatchObject({ hasNamedDevice: true });
    await store.removeDevice('bob', 'web');
    expect(await store.take('bob', 0, 10)).toMatchObject({ hasNamedDevice: false });
  });
};
