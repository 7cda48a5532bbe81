import { describeMessageStore } from '@imcore/testkit/contracts';
import { describe, expect, it } from 'vitest';
import { sqliteStore } from '../src/sqlite-store.js';
import { fingerprints, message, useFiles } from './temporary-folder.js';

const newFile = useFiles();

describeMessageStore('sqliteStore', ({ retention, wallTime }) =>
  Promise.resolve(sqliteStore({ file: newFile(), ...retention, wallTime })),
);

describe('sqliteStore as a file', () => {
  it('keeps waiting messages and the keys of confirmed ones after reopening', async () => {
    const file = newFile();
    const first = sqliteStore({ file });
    await first.append([message('1'), message('2')]);
    await first.confirm([{ userId: 'bob', positions: [1] }]);
    await first.close();
    const second = sqliteStore({ file });
    expect(await fingerprints(second)).toEqual(['2']);
    expect(await second.append([message('1')])).toEqual([
      { outcome: 'duplicate', id: 1, position: undefined },
    ]);
    await second.close();
  });

  it('never reuses an id or a position, so that a cursor stays valid across a restart', async () => {
    const file = newFile();
    const first = sqliteStore({ file, rememberMs: 0, wallTime: () => 1_000_000 });
    await first.append([message('1')]);
    await first.confirm([{ userId: 'bob', positions: [1] }]);
    await first.expire(2_000_000, 10);
    await first.close();
    const second = sqliteStore({ file });
    expect(await second.append([message('2')])).toEqual([{ outcome: 'stored', id: 2, position: 2 }]);
    await second.close();
  });

  it('forgets a confirmed fingerprint after rememberMs', async () => {
    let now = 1_000_000;
    const store = sqliteStore({ file: newFile(), rememberMs: 1000, wallTime: () => now });
    await store.append([message('1'), message('2')]);
    await store.confirm([{ userId: 'bob', positions: [1] }]);
    now += 120_000;
    await store.confirm([{ userId: 'bob', positions: [2] }]);
    // The clock may have jumped: only the time of `expire` counts.
    expect(await store.append([message('1')])).toMatchObject([{ outcome: 'duplicate' }]);
    await store.expire(now, 1);
    expect(await store.append([message('1')])).toMatchObject([{ outcome: 'stored' }]);
    await store.close();
  });

  it('commits all calls of one turn together, and each gets its result', async () => {
    const store = sqliteStore({ file: newFile() });
    const [one, two, confirmed] = await Promise.all([
      store.append([message('1'), message('2')]),
      store.append([message('2'), message('3')]),
      store.confirm([{ userId: 'bob', positions: [1] }]),
    ]);
    expect(one).toEqual([
      { outcome: 'stored', id: 1, position: 1 },
      { outcome: 'stored', id: 2, position: 2 },
    ]);
    expect(two).toEqual([
      { outcome: 'duplicate', id: 2, position: 2 },
      { outcome: 'stored', id: 3, position: 3 },
    ]);
    expect(confirmed).toBeUndefined();
    expect(await store.count('bob')).toMatchObject({ messages: 2 });
    await store.close();
  });

  it('reads all pages of one turn together, and each succeeds or fails independently', async () => {
    const store = sqliteStore({ file: newFile() });
    await store.append([message('1'), message('2', 'carol')]);
    const [bob, poisoned, carol, nobody] = await Promise.allSettled([
      store.take('bob', 0, 10),
      store.take('bob', 0, 0.5),
      store.take('carol', 0, 10),
      store.take('nobody', 0, 10),
    ]);
    expect(bob).toMatchObject({ value: { entries: [{ fingerprint: '1' }] } });
    expect(poisoned).toMatchObject({ reason: { code: 'ERR_STORE_FAILED' } });
    expect(carol).toMatchObject({ value: { entries: [{ fingerprint: '2' }] } });
    expect(nobody).toMatchObject({ value: { entries: [], removed: 0, last: 0 } });
    expect(await store.append([message('3')])).toMatchObject([{ outcome: 'stored' }]);
    await store.close();
  });

  it('knows every message of many generations of keys, also after reopening', async () => {
    const file = newFile();
    const options = { file, maxPerUser: 1_000_000 };
    const all = Array.from({ length: 70_000 }, (_, index) => message(`${index}`));
    const store = sqliteStore(options);
    await store.append(all);
    const again = [message('0'), message('32767'), message('32768'), message('69999')];
    const known = [1, 32_768, 32_769, 70_000].map((id) => ({ outcome: 'duplicate', id, position: id }));
    expect(await store.append(again)).toEqual(known);
    await store.close();
    const reopened = sqliteStore(options);
    expect(await reopened.append(again)).toEqual(known);
    expect(await reopened.append([message('70000')])).toEqual([
      { outcome: 'stored', id: 70_001, position: 70_001 },
    ]);
    await reopened.close();
  });

  it('expires messages stored after one with a time in the future', async () => {
    const store = sqliteStore({ file: newFile(), maxAgeMs: 1000 });
    const old = Array.from({ length: 20_500 }, (_, index) => message(`${index}`));
    await store.append([{ ...message('fast'), acceptedAt: 1_000_000_000 }, ...old]);
    let expired = 0;
    for (let calls = 0; calls < 25; calls++)
      expired += (await store.expire(100_000, 1000)).deadLetters.length;
    expect(expired).toBe(old.length);
    expect(await store.expire(1_000_001_001, 10)).toMatchObject({ deadLetters: [{ fingerprint: 'fast' }] });
    await store.close();
  });

  it('expires what a failed call had scanned', async () => {
    const store = sqliteStore({ file: newFile(), maxAgeMs: 1000 });
    await store.append([message('1')]);
    const poison = { ...message('2'), acceptedAt: Number.NaN };
    const [expired] = await Promise.allSettled([store.expire(100_000, 10), store.append([poison])]);
    expect(expired.status).toBe('rejected');
    expect(await store.expire(100_000, 10)).toMatchObject({ deadLetters: [{ fingerprint: '1' }] });
    await store.close();
  });

  it('deletes a dead letter whose message is confirmed with all others of its log', async () => {
    const store = sqliteStore({ file: newFile(), maxAgeMs: 1000 });
    const young = { acceptedAt: 100_000 };
    await store.append([{ ...message('1'), ...young }, message('2'), { ...message('3'), ...young }]);
    await store.expire(100_000, 10);
    expect(await store.deadLetters(0, 10)).toMatchObject([{ fingerprint: '2' }]);
    await store.confirm([{ userId: 'bob', positions: [1, 2, 3] }]);
    expect(await store.deadLetters(0, 10)).toEqual([]);
    expect(await store.health()).toEqual({ ok: true, waiting: 0, waitingBytes: 0, deadLetters: 0 });
    await store.close();
  });

  it('completes calls made before close', async () => {
    const file = newFile();
    const store = sqliteStore({ file });
    await store.append([message('1')]);
    const appended = store.append([message('2')]);
    const taken = store.take('bob', 0, 1);
    await store.close();
    expect(await appended).toMatchObject([{ outcome: 'stored' }]);
    expect(await taken).toMatchObject({ entries: [{ fingerprint: '1' }] });
  });

  it('rejects calls after close', async () => {
    const store = sqliteStore({ file: newFile() });
    await store.close();
    await expect(store.append([message('1')])).rejects.toMatchObject({ code: 'ERR_STORE_CLOSED' });
    await expect(store.take('bob', 0, 1)).rejects.toMatchObject({ code: 'ERR_STORE_CLOSED' });
  });
});
