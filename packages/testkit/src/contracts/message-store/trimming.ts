import type { MessageStore } from '@imcore/server/ports';
import { expect, it } from 'vitest';
import {
  advanceBob,
  appendToBob,
  confirm,
  device,
  logOf,
  message,
  NOON,
  type OpenStore,
  type Section,
  sweep,
  waitingFor,
} from './fixture.js';

/** A store with logs of at most three entries, in which Bob has the v6 device and `web`. */
async function withSlowDevices(open: OpenStore): Promise<MessageStore> {
  const store = await open({ maxLogEntries: 3 });
  await store.putDevice('bob', device('', { kind: '' }));
  await store.putDevice('bob', device('web'));
  return store;
}

export const trimming: Section = (open) => {
  it('removes the oldest entries beyond `maxLogEntries` that a device has taken, and reports them', async () => {
    const store = await withSlowDevices(open);
    await appendToBob(store, '1', '2', '3', '4', '5');
    await advanceBob(store, 'web', 5);
    expect((await sweep(store, NOON)).trimmed).toEqual([{ userId: 'bob', entries: 2 }]);
    expect(await store.read('bob', 0, 10)).toMatchObject({ removed: 2, last: 5 });
    expect(await waitingFor(store, 'bob')).toEqual(['3', '4', '5']);
    expect((await sweep(store, NOON)).trimmed).toEqual([]);
  });

  it('trims what the v6 device has taken and a named one has not', async () => {
    const store = await withSlowDevices(open);
    await appendToBob(store, '1', '2', '3', '4', '5');
    await confirm(store, 'bob', 1, 3, 4);
    expect((await sweep(store, NOON)).trimmed).toEqual([{ userId: 'bob', entries: 2 }]);
    expect(await logOf(store, 'bob')).toEqual(['2', '4', '5']);
  });

  it('never trims what waits', async () => {
    const store = await withSlowDevices(open);
    await appendToBob(store, '1', '2', '3', '4', '5', '6');
    expect((await sweep(store, NOON)).trimmed).toEqual([]);
    await advanceBob(store, 'web', 1);
    expect((await sweep(store, NOON)).trimmed).toEqual([{ userId: 'bob', entries: 1 }]);
    expect(await logOf(store, 'bob')).toEqual(['2', '3', '4', '5', '6']);
    expect(await store.count('bob')).toMatchObject({ messages: 5 });
  });

  it('does not report what every device has taken', async () => {
    const store = await withSlowDevices(open);
    await appendToBob(store, '1', '2', '3', '4', '5');
    await advanceBob(store, 'web', 5);
    await confirm(store, 'bob', 1, 2);
    expect((await sweep(store, NOON)).trimmed).toEqual([]);
    expect(await logOf(store, 'bob')).toEqual(['3', '4', '5']);
  });

  it('trims each log by itself', async () => {
    const store = await withSlowDevices(open);
    await store.putDevice('carol', device('web'));
    await store.putDevice('carol', device('phone'));
    await appendToBob(store, '1', '2', '3', '4');
    await store.append(['1', '2', '3', '4', '5'].map((name) => message('carol', name)));
    await advanceBob(store, 'web', 4);
    await store.advance([{ userId: 'carol', deviceId: 'phone', position: 5 }]);
    const { trimmed } = await sweep(store, NOON);
    expect([...trimmed].sort((a, b) => a.entries - b.entries)).toEqual([
      { userId: 'bob', entries: 1 },
      { userId: 'carol', entries: 2 },
    ]);
  });

  it('trims echoes that no device has taken: they never wait', async () => {
    const store = await open({ maxLogEntries: 3 });
    await store.putDevice('alice', device('web'));
    await store.append(['1', '2', '3', '4', '5'].map((name) => message('bob', name, { echo: true })));
    await sweep(store, NOON);
    expect(await store.read('alice', 0, 10)).toMatchObject({ removed: 2, last: 5 });
    expect(await logOf(store, 'bob')).toHaveLength(5);
  });

  it('counts what waits on both sides of what was trimmed', async () => {
    const store = await withSlowDevices(open);
    await appendToBob(store, ...Array.from({ length: 21 }, (_, n) => `${n + 1}`));
    await confirm(store, 'bob', ...Array.from({ length: 18 }, (_, n) => n + 2));
    expect((await sweep(store, NOON)).trimmed).toEqual([{ userId: 'bob', entries: 18 }]);
    expect(await store.count('bob')).toMatchObject({ messages: 3 });
    await advanceBob(store, 'web', 20);
    expect(await store.count('bob')).toMatchObject({ messages: 1 });
    expect(await waitingFor(store, 'bob')).toEqual(['1', '20', '21']);
    await confirm(store, 'bob', 1);
    await sweep(store, NOON);
    expect(await store.read('bob', 0, 10)).toMatchObject({ removed: 19, last: 21 });
  });

  it('trims a log that has become too long by a resent message', async () => {
    const store = await open({ maxLogEntries: 3, maxAgeMs: 60_000 });
    await store.putDevice('bob', device('', { kind: '' }));
    await store.putDevice('bob', device('web'));
    await store.append([message('bob', '1', { acceptedAt: NOON - 60_001 })]);
    const { deadLetters } = await sweep(store, NOON);
    await appendToBob(store, '2', '3', '4');
    await advanceBob(store, 'web', 4);
    expect((await sweep(store, NOON)).trimmed).toEqual([]);
    expect(await store.resend([deadLetters[0]?.id ?? 0], NOON)).toBe(1);
    expect((await sweep(store, NOON)).trimmed).toEqual([{ userId: 'bob', entries: 1 }]);
    expect(await logOf(store, 'bob')).toEqual(['3', '4', '1']);
  });

  it('recognizes a duplicate of a trimmed message', async () => {
    const store = await withSlowDevices(open);
    await appendToBob(store, '1', '2', '3', '4');
    await advanceBob(store, 'web', 4);
    await sweep(store, NOON);
    expect(await store.append([message('bob', '1')])).toMatchObject([
      { outcome: 'duplicate', position: undefined },
    ]);
    expect(await logOf(store, 'bob')).toEqual(['2', '3', '4']);
  });

  it('lets devices pass over what was trimmed', async () => {
    const store = await withSlowDevices(open);
    await appendToBob(store, '1', '2', '3', '4');
    await advanceBob(store, 'web', 4);
    await sweep(store, NOON);
    await confirm(store, 'bob', 1, 2, 3, 4);
    expect((await store.devices('bob')).map(({ position }) => position)).toEqual([4, 4]);
    await sweep(store, NOON);
    expect(await store.read('bob', 0, 10)).toEqual({ entries: [], removed: 4, last: 4 });
  });
};
