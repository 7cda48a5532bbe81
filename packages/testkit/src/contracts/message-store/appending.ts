import { expect, it } from 'vitest';
import { countOf, message, NOON, requireId, type Section, waitingFor } from './fixture.js';

export const appending: Section = (open) => {
  it('returns what was appended, field by field', async () => {
    const store = await open();
    const stored = message('bob', 'fp-1', { from: 'alice', body: '{"x":"\u00e6\u00b6\u0088"}' });
    const [result] = await store.append([stored]);
    const [waiting] = await store.take('bob', undefined, 10);
    expect(waiting).toEqual({ ...stored, id: requireId(result) });
  });

  it('returns the messages of a user in the order in which they were appended', async () => {
    const store = await open();
    await store.append(['1', '2', '3'].map((name) => message('bob', name)));
    await store.append([message('bob', '4')]);
    await store.append([message('bob', '0'), message('bob', '5')]);
    expect(await waitingFor(store, 'bob')).toEqual(['1', '2', '3', '4', '0', '5']);
  });

  it('orders messages by append, not by `acceptedAt`', async () => {
    const store = await open();
    await store.append([message('bob', 'late', { acceptedAt: 9000 })]);
    await store.append([message('bob', 'early', { acceptedAt: 1000 })]);
    expect(await waitingFor(store, 'bob')).toEqual(['late', 'early']);
  });

  it('keeps the order from each sender to each receiver when calls mix them', async () => {
    const store = await open();
    const mixed = Array.from({ length: 60 }, (_, index) =>
      message(`receiver-${index % 3}`, `${index}`, { from: `sender-${index % 4}` }),
    );
    for (let at = 0; at < mixed.length; at += 7) await store.append(mixed.slice(at, at + 7));
    for (const to of ['receiver-0', 'receiver-1', 'receiver-2']) {
      const expected = mixed.filter((each) => each.to === to).map(({ fingerprint }) => fingerprint);
      expect(await waitingFor(store, to)).toEqual(expected);
    }
  });

  it('gives later messages of a user larger ids', async () => {
    const store = await open();
    await store.append([message('bob', '1'), message('carol', '2'), message('bob', '3')]);
    await store.append([message('bob', '4')]);
    const ids = (await store.take('bob', undefined, 10)).map(({ id }) => id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(new Set(ids).size).toBe(3);
  });

  it('keeps the order of overlapping calls', async () => {
    const store = await open();
    const calls = Array.from({ length: 50 }, (_, index) =>
      store.append([message('bob', `${index}`), message('carol', `${index}`, { from: 'dave' })]),
    );
    await Promise.all(calls);
    const expected = calls.map((_, index) => `${index}`);
    expect(await waitingFor(store, 'bob')).toEqual(expected);
    expect(await waitingFor(store, 'carol')).toEqual(expected);
  });

  it('reports a duplicate with the first id and stores it once', async () => {
    const store = await open();
    const [first] = await store.append([message('bob', 'fp-1')]);
    const [second] = await store.append([message('bob', 'fp-1', { acceptedAt: NOON + 1 })]);
    expect(second).toEqual({ outcome: 'duplicate', id: requireId(first) });
    expect(await countOf(store, 'bob')).toBe(1);
    expect((await store.take('bob', undefined, 10)).map(({ body }) => body)).toEqual(['body of fp-1']);
  });

  it('recognizes a duplicate whose body has another server time', async () => {
    const store = await open();
    const bodyAt = (sm: number) =>
      `{"bridge":false,"type":2,"dataContent":"hi","from":"alice","to":"bob","fp":"fp-1","QoS":true,"typeu":-1,"sm":${sm}}`;
    const [first] = await store.append([message('bob', 'fp-1', { body: bodyAt(1) })]);
    const [second] = await store.append([message('bob', 'fp-1', { body: bodyAt(2) })]);
    expect(second).toEqual({ outcome: 'duplicate', id: requireId(first) });
  });

  it('stores a message with the fingerprint of another one and another content, before and after it is confirmed', async () => {
    const store = await open();
    const [first] = await store.append([message('bob', '1', { body: 'first' })]);
    const others = ['second', 'second', 'third'].map((body) => message('bob', '1', { body }));
    const results = await store.append(others);
    expect(results.map(({ outcome }) => outcome)).toEqual(['stored', 'duplicate', 'stored']);
    const ids = [first, results[0], results[2]].map((result) => requireId(result));
    expect(await store.take('bob', undefined, 10)).toEqual([
      { ...message('bob', '1', { body: 'first' }), id: ids[0] },
      { ...message('bob', '1', { body: 'second' }), id: ids[1] },
      { ...message('bob', '1', { body: 'third' }), id: ids[2] },
    ]);
    await store.confirm([{ userId: 'bob', ids }]);
    const again = await store.append([...others, message('bob', '1', { body: 'fourth' })]);
    expect(again.map(({ outcome }) => outcome)).toEqual(['duplicate', 'duplicate', 'duplicate', 'stored']);
  });

  it('recognizes a duplicate within one call', async () => {
    const store = await open();
    const results = await store.append(['fp-1', 'fp-2', 'fp-1', 'fp-1'].map((name) => message('bob', name)));
    expect(results.map(({ outcome }) => outcome)).toEqual(['stored', 'stored', 'duplicate', 'duplicate']);
    expect(results[2]).toEqual({ outcome: 'duplicate', id: requireId(results[0]) });
    expect(await waitingFor(store, 'bob')).toEqual(['fp-1', 'fp-2']);
  });

  it('recognizes a duplicate of a message in a pending call', async () => {
    const store = await open();
    const [[first], [second]] = await Promise.all([
      store.append([message('bob', 'fp-1')]),
      store.append([message('bob', 'fp-1')]),
    ]);
    expect(second).toEqual({ outcome: 'duplicate', id: requireId(first) });
    expect(await countOf(store, 'bob')).toBe(1);
  });

  it('stores one fingerprint for several receivers, once for each', async () => {
    const store = await open();
    const results = await store.append([message('bob', 'news-1'), message('carol', 'news-1')]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['stored', 'stored']);
    expect(await store.append([message('carol', 'news-1')])).toMatchObject([{ outcome: 'duplicate' }]);
    expect(await waitingFor(store, 'bob')).toEqual(['news-1']);
    expect(await waitingFor(store, 'carol')).toEqual(['news-1']);
  });

  it('distinguishes senders with the same fingerprint', async () => {
    const store = await open();
    const results = await store.append(
      ['alice', 'mallory', '0'].map((from) => message('bob', 'fp-1', { from })),
    );
    expect(results.map(({ outcome }) => outcome)).toEqual(['stored', 'stored', 'stored']);
    expect(await countOf(store, 'bob')).toBe(3);
  });

  it('accepts an empty call', async () => {
    const store = await open();
    expect(await store.append([])).toEqual([]);
  });

  it('stores ten thousand messages in one call, and recognizes each duplicate', async () => {
    const store = await open({ maxPerUser: 20_000 });
    const many = Array.from({ length: 10_000 }, (_, index) => message('bob', `${index}`));
    const results = await store.append(many);
    expect(results.every(({ outcome }) => outcome === 'stored')).toBe(true);
    expect(await waitingFor(store, 'bob')).toEqual(many.map(({ fingerprint }) => fingerprint));
    const again = await store.append(many);
    expect(again).toEqual(results.map((result) => ({ outcome: 'duplicate', id: requireId(result) })));
    await store.confirm([{ userId: 'bob', ids: results.map(requireId) }]);
    expect(await countOf(store, 'bob')).toBe(0);
  });
};
