import { expect, it } from 'vitest';
import {
  ALL,
  appendToBob,
  confirm,
  countOf,
  message,
  namesOf,
  requireId,
  requirePosition,
  type Section,
  sweep,
  waitingFor,
} from './fixture.js';

export const appending: Section = (open) => {
  it('returns what was appended, field by field', async () => {
    const store = await open();
    const stored = message('bob', 'fp-1', { from: 'alice', body: '{"x":"\u00e6\u00b6\u0088"}' });
    const [result] = await store.append([stored]);
    const entry = { ...stored, id: requireId(result), position: 1, kind: 'message' };
    const page = { entries: [entry], removed: 0, last: 1, hasNamedDevice: false };
    expect(await store.take('bob', 0, 10)).toEqual(page);
    expect(await store.read('bob', 0, 10)).toEqual(page);
  });

  it('returns the messages of a user in the order in which they were appended', async () => {
    const store = await open();
    await appendToBob(store, '1', '2', '3');
    await appendToBob(store, '4');
    await appendToBob(store, '0', '5');
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

  it('gives the entries of each log the positions 1, 2, 3 …', async () => {
    const store = await open();
    const mixed = [message('bob', '1'), message('carol', '2'), message('bob', '3')];
    expect((await store.append(mixed)).map(requirePosition)).toEqual([1, 1, 2]);
    expect((await store.append([message('carol', '4'), message('bob', '5')])).map(requirePosition)).toEqual([
      2, 3,
    ]);
    expect(await store.take('bob', 0, 10)).toMatchObject({ removed: 0, last: 3 });
    expect(await store.take('dave', 0, 10)).toMatchObject({ entries: [], removed: 0, last: 0 });
    expect(await store.read('dave', 0, 10)).toMatchObject({ entries: [], removed: 0, last: 0 });
  });

  it('gives duplicates and messages without room no position', async () => {
    const store = await open({ maxPerUser: 2 });
    await appendToBob(store, '1');
    const results = await store.append(['1', '2', '2', '3'].map((name) => message('bob', name)));
    expect(results.map(({ outcome }) => outcome)).toEqual(['duplicate', 'stored', 'duplicate', 'full']);
    await confirm(store, 'bob', 1);
    expect(await appendToBob(store, '4')).toEqual([3]);
    expect((await store.take('bob', 0, 10)).last).toBe(3);
  });

  it('never reuses a position', async () => {
    let now = 1_000_000;
    const store = await open({ rememberMs: 0 }, () => now);
    await appendToBob(store, '1', '2');
    await confirm(store, 'bob', 1, 2);
    now += 120_000;
    await sweep(store, now);
    await sweep(store, now + 1);
    expect(await store.take('bob', 0, 10)).toMatchObject({ entries: [], removed: 2, last: 2 });
    expect(await appendToBob(store, '1')).toEqual([3]);
  });

  it('gives later messages of a user larger ids, in each log', async () => {
    const store = await open();
    await store.append([message('bob', '1'), message('carol', '2'), message('bob', '3')]);
    await store.append([message('bob', '4'), message('carol', '5')]);
    for (const userId of ['bob', 'carol']) {
      const ids = (await store.take(userId, 0, 10)).entries.map(({ id }) => id);
      expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
      expect(ids.length).toBeGreaterThan(1);
    }
  });

  it('never reuses an id', async () => {
    let now = 1_000_000;
    const store = await open({ rememberMs: 0 }, () => now);
    const [first] = await store.append([message('bob', 'fp-1')]);
    await confirm(store, 'bob', 1);
    now += 120_000;
    await sweep(store, now);
    await sweep(store, now + 1);
    const [second] = await store.append([message('bob', 'fp-1')]);
    expect(requireId(second)).toBeGreaterThan(requireId(first));
  });

  it('keeps the order of overlapping calls', async () => {
    const store = await open();
    const calls = Array.from({ length: 50 }, (_, index) =>
      store.append([message('bob', `${index}`), message('carol', `${index}`, { from: 'dave' })]),
    );
    const results = await Promise.all(calls);
    const expected = calls.map((_, index) => `${index}`);
    expect(await waitingFor(store, 'bob')).toEqual(expected);
    expect(await waitingFor(store, 'carol')).toEqual(expected);
    expect(results.map(([toBob]) => requirePosition(toBob))).toEqual(calls.map((_, index) => index + 1));
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
    expect(results.map(requirePosition)).toEqual(many.map((_, index) => index + 1));
    expect(await waitingFor(store, 'bob')).toEqual(namesOf(many));
    const again = await store.append(many);
    expect(again).toEqual(results.map((result) => ({ ...result, outcome: 'duplicate' })));
    await confirm(store, 'bob', ...results.map(requirePosition));
    expect(await countOf(store, 'bob')).toBe(0);
    expect(await store.take('bob', 0, ALL)).toMatchObject({ entries: [], last: 10_000 });
  });
};
