import { expect, it } from 'vitest';
import {
  advanceBob,
  appendToBob,
  confirm,
  countOf,
  device,
  message,
  NOON,
  requireId,
  type Section,
  sweep,
  waitingFor,
} from './fixture.js';

export const duplicates: Section = (open) => {
  it('reports a duplicate with the first id and position, and stores it once', async () => {
    const store = await open();
    await appendToBob(store, 'fp-0');
    const [first] = await store.append([message('bob', 'fp-1')]);
    const [second] = await store.append([message('bob', 'fp-1', { acceptedAt: NOON + 1 })]);
    expect(second).toEqual({ outcome: 'duplicate', id: requireId(first), position: 2 });
    expect(await waitingFor(store, 'bob')).toEqual(['fp-0', 'fp-1']);
    expect(await countOf(store, 'bob')).toBe(2);
  });

  it('recognizes a duplicate whose body has another server time', async () => {
    const store = await open();
    const bodyAt = (sm: number) =>
      `{"bridge":false,"type":2,"dataContent":"hi","from":"alice","to":"bob","fp":"fp-1","QoS":true,"typeu":-1,"sm":${sm}}`;
    const [first] = await store.append([message('bob', 'fp-1', { body: bodyAt(1) })]);
    const [second] = await store.append([message('bob', 'fp-1', { body: bodyAt(2) })]);
    expect(second).toEqual({ outcome: 'duplicate', id: requireId(first), position: 1 });
    expect((await store.take('bob', 0, 10)).entries.map(({ body }) => body)).toEqual([bodyAt(1)]);
  });

  it('stores a message with the fingerprint of another one and another content, before and after it is confirmed', async () => {
    const store = await open();
    await store.append([message('bob', '1', { body: 'first' })]);
    const others = ['second', 'second', 'third'].map((body) => message('bob', '1', { body }));
    const results = await store.append(others);
    expect(results.map(({ outcome }) => outcome)).toEqual(['stored', 'duplicate', 'stored']);
    expect((await store.take('bob', 0, 10)).entries).toMatchObject([
      { body: 'first', position: 1 },
      { body: 'second', position: 2, id: requireId(results[0]) },
      { body: 'third', position: 3, id: requireId(results[2]) },
    ]);
    await confirm(store, 'bob', 1, 2, 3);
    const again = await store.append([...others, message('bob', '1', { body: 'fourth' })]);
    expect(again.map(({ outcome }) => outcome)).toEqual(['duplicate', 'duplicate', 'duplicate', 'stored']);
  });

  it('recognizes a duplicate within one call', async () => {
    const store = await open();
    const results = await store.append(['fp-1', 'fp-2', 'fp-1', 'fp-1'].map((name) => message('bob', name)));
    expect(results.map(({ outcome }) => outcome)).toEqual(['stored', 'stored', 'duplicate', 'duplicate']);
    expect(results[2]).toEqual({ outcome: 'duplicate', id: requireId(results[0]), position: 1 });
    expect(await waitingFor(store, 'bob')).toEqual(['fp-1', 'fp-2']);
  });

  it('recognizes a duplicate of a message in a pending call', async () => {
    const store = await open();
    const [[first], [second]] = await Promise.all([
      store.append([message('bob', 'fp-1')]),
      store.append([message('bob', 'fp-1')]),
    ]);
    expect(second).toEqual({ outcome: 'duplicate', id: requireId(first), position: 1 });
    expect(await countOf(store, 'bob')).toBe(1);
  });

  it('reports no position if the v6 device has taken the message', async () => {
    const store = await open();
    const [first, second] = await store.append([message('bob', 'fp-1'), message('bob', 'fp-2')]);
    await store.putDevice('bob', device('web'));
    for (const result of [second, first]) {
      const [position, name] = result === first ? [1, 'fp-1'] : [2, 'fp-2'];
      await confirm(store, 'bob', position);
      const taken = { outcome: 'duplicate', id: requireId(result), position: undefined };
      expect(await store.append([message('bob', name)])).toEqual([taken]);
    }
    await sweep(store, NOON);
    expect(await store.append([message('bob', 'fp-2')])).toMatchObject([{ id: requireId(second) }]);
    expect(await countOf(store, 'bob')).toBe(0);
    expect(await waitingFor(store, 'bob')).toEqual([]);
  });

  it('reports the position of a message that only a named device has taken', async () => {
    const store = await open();
    await store.putDevice('bob', device('', { kind: '' }));
    await store.putDevice('bob', device('web'));
    const [first] = await store.append([message('bob', 'fp-1')]);
    await advanceBob(store, 'web', 1);
    await sweep(store, NOON);
    expect(await store.append([message('bob', 'fp-1')])).toEqual([
      { outcome: 'duplicate', id: requireId(first), position: 1 },
    ]);
  });

  it('reports no position if the entry was removed', async () => {
    const store = await open();
    await store.putDevice('bob', device('web'));
    const [first] = await store.append([message('bob', 'fp-1')]);
    await advanceBob(store, 'web', 1);
    await sweep(store, NOON);
    expect(await store.append([message('bob', 'fp-1')])).toEqual([
      { outcome: 'duplicate', id: requireId(first), position: undefined },
    ]);
  });

  it('remembers a message for `rememberMs` after it was taken and removed, and no longer', async () => {
    let now = NOON;
    const store = await open({ rememberMs: 60_000 }, () => now);
    await appendToBob(store, 'fp-1');
    now += 100_000;
    await confirm(store, 'bob', 1);
    await sweep(store, now);
    now += 59_999;
    await sweep(store, now);
    expect(await store.append([message('bob', 'fp-1')])).toMatchObject([{ outcome: 'duplicate' }]);
    now += 2;
    await sweep(store, now);
    expect(await store.append([message('bob', 'fp-1')])).toMatchObject([{ outcome: 'stored', position: 2 }]);
  });

  it('remembers a waiting message forever', async () => {
    let now = NOON;
    const store = await open({ rememberMs: 0, maxAgeMs: Number.POSITIVE_INFINITY }, () => now);
    const [first] = await store.append([message('bob', 'fp-1')]);
    now += 1e12;
    await sweep(store, now);
    expect(await store.append([message('bob', 'fp-1')])).toEqual([{ ...first, outcome: 'duplicate' }]);
  });

  it('remembers a message as long as a device holds its entry back', async () => {
    let now = NOON;
    const store = await open({ rememberMs: 0, deviceExpiryMs: Number.POSITIVE_INFINITY }, () => now);
    await store.putDevice('bob', device('web'));
    const [first] = await store.append([message('bob', 'fp-1')]);
    await confirm(store, 'bob', 1);
    now += 1e9;
    await sweep(store, now);
    expect(await store.append([message('bob', 'fp-1')])).toEqual([
      { outcome: 'duplicate', id: requireId(first), position: undefined },
    ]);
    await advanceBob(store, 'web', 1);
    await sweep(store, now);
    await sweep(store, now + 1);
    expect(await store.append([message('bob', 'fp-1')])).toMatchObject([{ outcome: 'stored' }]);
  });
};
