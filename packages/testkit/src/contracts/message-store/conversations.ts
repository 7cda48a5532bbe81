import type { MessageStore, Sweep } from '@imcore/server/ports';
import { expect, it } from 'vitest';
import {
  advanceBob,
  appendToBob,
  confirm,
  device,
  message,
  NOON,
  requireId,
  type Section,
  sweep,
} from './fixture.js';

const KEPT = { historyMs: 60_000 };

/** The conversations of a user: with whom, the newest message, and what waits. */
async function listOf(store: MessageStore, userId: string): Promise<string[]> {
  const found = await store.conversations({ userId, limit: 100 });
  return found.map(({ with: other, last, waiting }) => `${other}: ${last.fingerprint}, ${waiting}`);
}

function resend(store: MessageStore, { deadLetters }: Sweep, now: number): Promise<number> {
  return store.resend(
    deadLetters.map(({ id }) => id),
    now,
  );
}

export const conversations: Section = (open) => {
  it('returns no conversations if no history is kept', async () => {
    const store = await open();
    await appendToBob(store, '1');
    expect(await store.conversations({ userId: 'bob', limit: 10 })).toEqual([]);
  });

  it('returns the conversations of a user, that with the newest message first', async () => {
    const store = await open(KEPT);
    const results = await store.append([
      message('bob', '1'),
      message('bob', '2', { from: 'carol' }),
      message('alice', '3', { from: 'bob' }),
      message('carol', '4', { from: 'alice' }),
    ]);
    const last = { ...message('alice', '3', { from: 'bob' }), id: requireId(results[2]) };
    expect(await store.conversations({ userId: 'bob', limit: 1 })).toEqual([
      { with: 'alice', last, waiting: 1 },
    ]);
    expect(await listOf(store, 'bob')).toEqual(['alice: 3, 1', 'carol: 2, 1']);
    expect(await listOf(store, 'alice')).toEqual(['carol: 4, 0', 'bob: 3, 1']);
    expect(await listOf(store, 'carol')).toEqual(['alice: 4, 1', 'bob: 2, 0']);
    expect(await listOf(store, 'dave')).toEqual([]);
  });

  it('returns pages that begin after the last conversation of the page before', async () => {
    const store = await open(KEPT);
    await store.append(['a', 'b', 'c', 'd', 'e'].map((from) => message('bob', from, { from })));
    await store.append([message('b', 'newest', { from: 'bob' })]);
    const first = await store.conversations({ userId: 'bob', limit: 2 });
    expect(first.map(({ with: other }) => other)).toEqual(['b', 'e']);
    const second = await store.conversations({ userId: 'bob', before: first.at(-1)?.last.id, limit: 2 });
    expect(second.map(({ with: other }) => other)).toEqual(['d', 'c']);
    const third = await store.conversations({ userId: 'bob', before: second.at(-1)?.last.id, limit: 2 });
    expect(third.map(({ with: other }) => other)).toEqual(['a']);
    expect(await store.conversations({ userId: 'bob', limit: 0 })).toEqual([]);
  });

  it('counts what waits from the other user, until a device has taken it', async () => {
    const store = await open(KEPT);
    await store.putDevice('bob', device('web'));
    await store.append([
      message('bob', '1'),
      message('bob', '2'),
      message('bob', '3', { from: 'carol' }),
      message('bob', '4'),
      message('alice', '5', { from: 'bob' }),
    ]);
    expect(await listOf(store, 'bob')).toEqual(['alice: 5, 3', 'carol: 3, 1']);
    await advanceBob(store, 'web', 1);
    await confirm(store, 'bob', 4);
    expect(await listOf(store, 'bob')).toEqual(['alice: 5, 1', 'carol: 3, 1']);
    await advanceBob(store, 'web', 4);
    expect(await listOf(store, 'bob')).toEqual(['alice: 5, 0', 'carol: 3, 0']);
  });

  it('counts what waits up to 100', async () => {
    const store = await open(KEPT);
    const names = Array.from({ length: 101 }, (_, index) => `${index}`);
    await appendToBob(store, ...names.slice(0, 99));
    expect(await listOf(store, 'bob')).toEqual(['alice: 98, 99']);
    await appendToBob(store, ...names.slice(99));
    expect(await listOf(store, 'bob')).toEqual(['alice: 100, 100']);
  });

  it('keeps a conversation as long as a message of it is in the history', async () => {
    let now = NOON;
    const store = await open(KEPT, () => now);
    await appendToBob(store, '1', '2');
    await confirm(store, 'bob', 1);
    await sweep(store, now);
    now += 30_000;
    await confirm(store, 'bob', 2);
    await sweep(store, now);
    now += 30_001;
    await sweep(store, now);
    expect(await listOf(store, 'bob')).toEqual(['alice: 2, 0']);
    now += 30_001;
    await sweep(store, now);
    expect(await listOf(store, 'bob')).toEqual([]);
    expect(await listOf(store, 'alice')).toEqual([]);
  });

  it('leaves out dead letters until they are resent', async () => {
    const store = await open({ ...KEPT, maxAgeMs: 1000 });
    await store.append([message('bob', '1', { acceptedAt: NOON - 5000 }), message('bob', '2')]);
    const first = await store.expire(NOON, 10);
    expect(await listOf(store, 'bob')).toEqual(['alice: 2, 1']);
    await resend(store, first, NOON + 500);
    expect(await listOf(store, 'bob')).toEqual(['alice: 2, 2']);
    const second = await store.expire(NOON + 1001, 10);
    expect(await listOf(store, 'bob')).toEqual(['alice: 1, 1']);
    await store.expire(NOON + 1501, 10);
    expect(await listOf(store, 'bob')).toEqual([]);
    await resend(store, second, NOON + 2000);
    expect(await listOf(store, 'bob')).toEqual(['alice: 2, 1']);
  });

  it('has a conversation of a user with themselves, once', async () => {
    const store = await open(KEPT);
    await store.append([message('alice', 'note', { echo: true }), message('bob', '1')]);
    expect(await listOf(store, 'alice')).toEqual(['bob: 1, 0', 'alice: note, 1']);
  });

  it('does not count echoes', async () => {
    const store = await open(KEPT);
    await store.putDevice('alice', device('web'));
    await store.append([message('bob', '1', { echo: true })]);
    expect(await listOf(store, 'alice')).toEqual(['bob: 1, 0']);
    expect(await listOf(store, 'bob')).toEqual(['alice: 1, 1']);
  });
};
