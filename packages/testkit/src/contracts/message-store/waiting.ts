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
  requireId,
  type Section,
  sweep,
  waitingFor,
} from './fixture.js';

/** Each message has 10 bytes: the counters of Bob and of the whole store. */
async function countsOf(store: MessageStore): Promise<readonly number[]> {
  const { messages, bytes } = await store.count('bob');
  const { waiting, waitingBytes } = await store.health();
  return [messages, bytes, waiting, waitingBytes];
}

/** A store with five messages for Bob, the named device `web`, and the v6 device. */
async function withDevices(open: OpenStore): Promise<MessageStore> {
  const store = await open();
  await store.append(['1', '2', '3', '4', '5'].map((name) => message('bob', name, { body: '0123456789' })));
  await store.putDevice('bob', device('', { kind: '' }));
  await store.putDevice('bob', device('web'));
  return store;
}

/** A message waits while no device has taken it. */
export const waiting: Section = (open) => {
  it('counts a message until the first device takes it, whichever that is', async () => {
    const store = await withDevices(open);
    expect(await countsOf(store)).toEqual([5, 50, 5, 50]);
    await advanceBob(store, 'web', 2);
    expect(await countsOf(store)).toEqual([3, 30, 3, 30]);
    await confirm(store, 'bob', 1, 2);
    expect(await countsOf(store)).toEqual([3, 30, 3, 30]);
    await confirm(store, 'bob', 4);
    expect(await countsOf(store)).toEqual([2, 20, 2, 20]);
    await advanceBob(store, 'web', 4);
    expect(await countsOf(store)).toEqual([1, 10, 1, 10]);
    await confirm(store, 'bob', 3);
    await advanceBob(store, 'web', 5);
    expect(await countsOf(store)).toEqual([0, 0, 0, 0]);
    await confirm(store, 'bob', 5);
    await sweep(store, NOON);
    expect(await countsOf(store)).toEqual([0, 0, 0, 0]);
  });

  it('counts what the device that has taken most has not taken', async () => {
    const store = await withDevices(open);
    await store.putDevice('bob', device('phone'));
    await advanceBob(store, 'phone', 3);
    await advanceBob(store, 'web', 1);
    await advanceBob(store, 'web', 2);
    expect(await countsOf(store)).toEqual([2, 20, 2, 20]);
    await advanceBob(store, 'web', 4);
    expect(await countsOf(store)).toEqual([1, 10, 1, 10]);
  });

  it('does not count a message again whose only device is removed', async () => {
    const store = await withDevices(open);
    await advanceBob(store, 'web', 3);
    await store.removeDevice('bob', 'web');
    expect(await countsOf(store)).toEqual([2, 20, 2, 20]);
    await store.putDevice('bob', device('web'));
    await advanceBob(store, 'web', 1);
    expect(await countsOf(store)).toEqual([2, 20, 2, 20]);
    await confirm(store, 'bob', 2, 5);
    await store.removeDevice('bob', '');
    expect(await countsOf(store)).toEqual([1, 10, 1, 10]);
    await sweep(store, NOON);
    expect(await countsOf(store)).toEqual([1, 10, 1, 10]);
  });

  it('counts what is appended later', async () => {
    const store = await withDevices(open);
    await advanceBob(store, 'web', 5);
    await store.append([message('bob', '6', { body: '0123456789' })]);
    expect(await countsOf(store)).toEqual([1, 10, 1, 10]);
  });

  it('makes room for messages that one device of two has taken', async () => {
    const store = await open({ maxPerUser: 2 });
    await store.putDevice('bob', device('', { kind: '' }));
    await store.putDevice('bob', device('web'));
    await appendToBob(store, '1', '2');
    expect(await store.append([message('bob', '3')])).toMatchObject([{ outcome: 'full' }]);
    await advanceBob(store, 'web', 1);
    await confirm(store, 'bob', 2);
    await appendToBob(store, '4', '5');
    expect(await store.append([message('bob', '6')])).toMatchObject([{ outcome: 'full' }]);
    expect(await logOf(store, 'bob')).toEqual(['1', '2', '4', '5']);
    expect(await waitingFor(store, 'bob')).toEqual(['1', '4', '5']);
  });

  it('displaces only messages that no device has taken', async () => {
    const store = await open({ maxPerUser: 2, whenFull: 'drop-oldest' });
    await store.putDevice('bob', device('', { kind: '' }));
    await store.putDevice('bob', device('web'));
    await appendToBob(store, '1', '2', '3', '4');
    expect(await logOf(store, 'bob')).toEqual(['3', '4']);
    await advanceBob(store, 'web', 3);
    await appendToBob(store, '5');
    const [result] = await store.append([message('bob', '6')]);
    expect(result).toMatchObject({ outcome: 'stored', displaced: [{ fingerprint: '4' }] });
    expect(await logOf(store, 'bob')).toEqual(['3', '5', '6']);
    await confirm(store, 'bob', 6);
    const [next, last] = await store.append([message('bob', '7'), message('bob', '8')]);
    expect(next).toMatchObject({ outcome: 'stored' });
    expect(last).toMatchObject({ outcome: 'stored', displaced: [{ fingerprint: '5' }] });
    expect(await waitingFor(store, 'bob')).toEqual(['3', '7', '8']);
  });

  it('expires only messages that no device has taken', async () => {
    const store = await open({ maxAgeMs: 1000, deviceExpiryMs: Number.POSITIVE_INFINITY });
    await store.putDevice('bob', device('', { kind: '' }));
    await store.putDevice('bob', device('web'));
    const results = await store.append(['1', '2', '3', '4'].map((name) => message('bob', name)));
    await advanceBob(store, 'web', 1);
    await confirm(store, 'bob', 3);
    const { deadLetters } = await sweep(store, NOON + 2000);
    expect(deadLetters).toMatchObject([
      { fingerprint: '2', messageId: requireId(results[1]) },
      { fingerprint: '4', messageId: requireId(results[3]) },
    ]);
    expect(await logOf(store, 'bob')).toEqual(['1', '3']);
    expect(await waitingFor(store, 'bob')).toEqual(['1']);
    expect(await store.read('bob', 0, 10)).toMatchObject({ removed: 0, last: 4 });
  });
};
