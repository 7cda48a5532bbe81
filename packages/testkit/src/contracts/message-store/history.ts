import { expect, it } from 'vitest';
import {
  advanceBob,
  appendToBob,
  confirm,
  device,
  message,
  NOON,
  namesOf,
  requireId,
  type Section,
  sweep,
  waitingFor,
} from './fixture.js';

const KEPT = { historyMs: 60_000 };
const ALL = { a: 'alice', b: 'bob', limit: 100 };

export const history: Section = (open) => {
  it('keeps no history by default', async () => {
    const store = await open();
    await appendToBob(store, '1', '2');
    await confirm(store, 'bob', 1);
    expect(store.keepsHistory).toBe(false);
    expect(await store.history(ALL)).toEqual([]);
  });

  it('returns waiting and confirmed messages between two users, newest first', async () => {
    const store = await open(KEPT);
    const results = await store.append([
      message('bob', '1'),
      message('alice', '2', { from: 'bob', body: 'an answer' }),
      message('bob', '3'),
      message('bob', 'not hers', { from: 'carol' }),
      message('carol', 'not his'),
    ]);
    await confirm(store, 'bob', 1);
    await confirm(store, 'alice', 1);
    await sweep(store, NOON);
    expect(store.keepsHistory).toBe(true);
    const kept = await store.history(ALL);
    expect(namesOf(kept)).toEqual(['3', '2', '1']);
    expect(kept[1]).toEqual({
      ...message('alice', '2', { from: 'bob', body: 'an answer' }),
      id: requireId(results[1]),
    });
    expect(await store.history({ a: 'bob', b: 'alice', limit: 100 })).toEqual(kept);
  });

  it('returns pages that begin after the oldest message of the page before', async () => {
    const store = await open(KEPT);
    await appendToBob(store, '1', '2', '3', '4', '5');
    const first = await store.history({ ...ALL, limit: 2 });
    expect(namesOf(first)).toEqual(['5', '4']);
    expect(namesOf(await store.history({ ...ALL, before: first.at(-1)?.id }))).toEqual(['3', '2', '1']);
  });

  it('keeps a confirmed message for `historyMs`, and recognizes duplicates for `rememberMs`', async () => {
    let now = NOON;
    const store = await open({ ...KEPT, rememberMs: 90_000 }, () => now);
    const [first] = await store.append([message('bob', '1')]);
    now += 100_000;
    await confirm(store, 'bob', 1);
    await sweep(store, now);
    now += 59_999;
    await sweep(store, now);
    expect(namesOf(await store.history(ALL))).toEqual(['1']);
    now += 2;
    await sweep(store, now);
    expect(await store.history(ALL)).toEqual([]);
    expect(await store.append([message('bob', '1')])).toEqual([
      { outcome: 'duplicate', id: requireId(first), position: undefined },
    ]);
  });

  it('recognizes a duplicate as long as the message is in the history', async () => {
    let now = NOON;
    const store = await open({ ...KEPT, rememberMs: 0 }, () => now);
    const [first] = await store.append([message('bob', '1')]);
    await confirm(store, 'bob', 1);
    await sweep(store, now);
    now += 30_000;
    await sweep(store, now);
    expect(await store.append([message('bob', '1')])).toEqual([
      { outcome: 'duplicate', id: requireId(first), position: undefined },
    ]);
    expect(namesOf(await store.history(ALL))).toEqual(['1']);
  });

  it('leaves out dead letters until they are resent', async () => {
    const store = await open({ ...KEPT, maxAgeMs: 1000 });
    const old = { acceptedAt: NOON - 5000 };
    await store.append([message('bob', '1', old), message('carol', 'remains', old), message('bob', '2')]);
    await store.expire(NOON, 10);
    expect(namesOf(await store.history(ALL))).toEqual(['2']);
    const deadLetters = await store.deadLetters(0, 10, 'bob');
    await store.resend(
      deadLetters.map(({ id }) => id),
      NOON,
    );
    expect(namesOf(await store.history(ALL))).toEqual(['2', '1']);
    await confirm(store, 'bob', 1);
    expect(namesOf(await store.history(ALL))).toEqual(['2', '1']);
    expect(await waitingFor(store, 'bob')).toEqual(['2', '1']);
  });

  it('returns a dead letter again that was confirmed late, and never one that was discarded', async () => {
    const store = await open({ ...KEPT, maxAgeMs: 1000 });
    await store.putDevice('alice', device('web', { seenAt: NOON + 2000 }));
    await store.append([message('bob', '1', { echo: true }), message('bob', '2', { echo: true })]);
    const { deadLetters } = await store.expire(NOON + 2000, 10);
    await confirm(store, 'bob', 1);
    await store.discard(deadLetters.map(({ id }) => id));
    expect(namesOf(await store.history(ALL))).toEqual(['1']);
    await store.advance([{ userId: 'alice', deviceId: 'web', position: 2 }]);
    await sweep(store, NOON + 2000);
    expect(namesOf(await store.history(ALL))).toEqual(['1']);
  });

  it('keeps a message as long as a device has not taken it, and then for `historyMs`', async () => {
    let now = NOON;
    const store = await open({ ...KEPT, deviceExpiryMs: Number.POSITIVE_INFINITY }, () => now);
    await store.putDevice('bob', device('web'));
    await appendToBob(store, '1');
    await confirm(store, 'bob', 1);
    now += 1e9;
    await sweep(store, now);
    expect(namesOf(await store.history(ALL))).toEqual(['1']);
    await advanceBob(store, 'web', 1);
    await sweep(store, now);
    expect((await store.read('bob', 0, 10)).entries).toEqual([]);
    expect(namesOf(await store.history(ALL))).toEqual(['1']);
    await sweep(store, now + 60_001);
    expect(await store.history(ALL)).toEqual([]);
  });

  it('returns a message once that is in two logs', async () => {
    const store = await open(KEPT);
    await store.putDevice('alice', device('web'));
    await store.append([message('bob', '1', { echo: true })]);
    expect(namesOf(await store.history(ALL))).toEqual(['1']);
    await confirm(store, 'bob', 1);
    await store.advance([{ userId: 'alice', deviceId: 'web', position: 1 }]);
    await sweep(store, NOON);
    expect(namesOf(await store.history(ALL))).toEqual(['1']);
  });

  it('returns a message of a user to themselves once', async () => {
    const store = await open(KEPT);
    await store.append([message('alice', 'note')]);
    expect(namesOf(await store.history({ a: 'alice', b: 'alice', limit: 10 }))).toEqual(['note']);
  });

  it('distinguishes pairs of users whose concatenated ids are equal', async () => {
    const store = await open(KEPT);
    await store.append([message('bc', '1', { from: 'a' }), message('c', '2', { from: 'ab' })]);
    expect(namesOf(await store.history({ a: 'bc', b: 'a', limit: 10 }))).toEqual(['1']);
    expect(namesOf(await store.history({ a: 'ab', b: 'c', limit: 10 }))).toEqual(['2']);
  });
};
