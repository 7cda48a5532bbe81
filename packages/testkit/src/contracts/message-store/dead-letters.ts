import type { DeadLetterId, MessageId, MessageStore, Retention } from '@imcore/server/ports';
import { expect, it } from 'vitest';
import {
  ALL,
  appendToBob,
  confirm,
  logOf,
  message,
  NOON,
  namesOf,
  type OpenStore,
  requireId,
  type Section,
  waitingFor,
} from './fixture.js';

const LATER = NOON + 120_000;

export const deadLetters: Section = (open) => {
  it('lists the dead letters of all users, or of one, page by page', async () => {
    const store = await open({ maxAgeMs: 60_000 });
    await store.append(['1', '2', '3', '4', '5'].map((name) => message(`user-${Number(name) % 2}`, name)));
    await store.expire(LATER, 100);
    const all = await store.deadLetters(0, 10);
    expect(namesOf(all).sort()).toEqual(['1', '2', '3', '4', '5']);
    const first = all.slice(0, 2);
    expect(await store.deadLetters(0, 2)).toEqual(first);
    expect(await store.deadLetters(first.at(-1)?.id ?? 0, 10)).toEqual(all.slice(2));
    expect(namesOf(await store.deadLetters(0, 10, 'user-0'))).toEqual(['2', '4']);
    const [second] = await store.deadLetters(0, 1, 'user-0');
    expect(namesOf(await store.deadLetters(second?.id ?? 0, 1, 'user-0'))).toEqual(['4']);
    expect(await store.deadLetters(0, 10, 'nobody')).toEqual([]);
  });

  it('gives dead letters numbers in the order in which they became dead letters', async () => {
    const store = await open({ whenFull: 'drop-oldest', maxPerUser: 1, maxAgeMs: 60_000 });
    await store.append([message('carol', 'first', { acceptedAt: NOON + 90_000 }), message('bob', 'second')]);
    await store.expire(NOON + 60_001, 10);
    await store.append([message('carol', 'third')]);
    const [second, first] = await store.deadLetters(0, 10);
    expect([second?.fingerprint, first?.fingerprint]).toEqual(['second', 'first']);
    expect(first?.id).toBeGreaterThan(second?.id ?? 0);
    expect(first?.messageId).toBeLessThan(second?.messageId ?? 0);
  });

  it('never reuses the number of a dead letter', async () => {
    const { store, ids } = await withDeadLetters(open, ['1', '2']);
    expect(await store.discard(ids)).toBe(2);
    await appendToBob(store, '3');
    await store.expire(LATER, 100);
    const [third] = await store.deadLetters(0, 10);
    expect(third?.id).toBeGreaterThan(Math.max(...ids));
  });

  it('resends dead letters to the end of the log: the same messages at new positions', async () => {
    const { store, ids, messageIds } = await withDeadLetters(open, ['1', '2']);
    await appendToBob(store, '3');
    expect(await store.resend(ids, LATER)).toBe(2);
    const [, ...resent] = (await store.take('bob', 0, 10)).entries;
    expect(resent).toEqual([
      { ...message('bob', '1'), id: messageIds[0], position: 4, kind: 'message' },
      { ...message('bob', '2'), id: messageIds[1], position: 5, kind: 'message' },
    ]);
    expect(await waitingFor(store, 'bob')).toEqual(['3', '1', '2']);
    expect(await logOf(store, 'bob')).toEqual(['3', '1', '2']);
    expect(await store.deadLetters(0, 10)).toEqual([]);
    expect(await store.count('bob')).toEqual({ messages: 3, bytes: 27 });
  });

  it('measures the age of a resent message from the resend', async () => {
    const { store, ids } = await withDeadLetters(open, ['1']);
    await store.resend(ids, LATER);
    expect((await store.expire(LATER + 60_000, 10)).deadLetters).toEqual([]);
    const again = (await store.expire(LATER + 60_001, 10)).deadLetters;
    expect(namesOf(again)).toEqual(['1']);
    expect(again[0]?.id).toBeGreaterThan(ids[0] ?? 0);
  });

  it('reports a duplicate of a resent message with its new position', async () => {
    const { store, ids, messageIds } = await withDeadLetters(open, ['1']);
    await store.resend(ids, LATER);
    expect(await store.append([message('bob', '1')])).toEqual([
      { outcome: 'duplicate', id: messageIds[0], position: 2 },
    ]);
  });

  it('confirms a resent message by its new position, and recognizes its duplicate', async () => {
    const { store, ids, messageIds } = await withDeadLetters(open, ['1']);
    await store.resend(ids, LATER);
    await confirm(store, 'bob', 1);
    expect(await waitingFor(store, 'bob')).toEqual(['1']);
    await confirm(store, 'bob', 2);
    expect(await waitingFor(store, 'bob')).toEqual([]);
    expect(await store.append([message('bob', '1')])).toEqual([
      { outcome: 'duplicate', id: messageIds[0], position: undefined },
    ]);
  });

  it('resends each dead letter once, and nothing else', async () => {
    const { store, ids } = await withDeadLetters(open, ['1']);
    await appendToBob(store, '2');
    expect(await store.resend([...ids, ...ids, 0, 999_999_999], LATER)).toBe(1);
    expect(await store.resend(ids, LATER)).toBe(0);
    expect(await waitingFor(store, 'bob')).toEqual(['2', '1']);
    expect((await store.take('bob', 0, ALL)).last).toBe(3);
  });

  it('keeps dead letters for which there is no room', async () => {
    const { store, ids } = await withDeadLetters(open, ['1', '2']);
    await appendToBob(store, '3');
    expect(await store.resend(ids, LATER)).toBe(2);
    expect(await store.health()).toMatchObject({ waiting: 3, deadLetters: 0 });
    const bound = await withDeadLetters(open, ['1', '2'], { maxPerUser: 2 });
    await appendToBob(bound.store, '3');
    expect(await bound.store.resend(bound.ids, LATER)).toBe(1);
    expect(await waitingFor(bound.store, 'bob')).toEqual(['3', '1']);
    expect(await bound.store.deadLetters(0, 10)).toMatchObject([{ fingerprint: '2', id: bound.ids[1] }]);
  });

  it('deletes discarded dead letters, and recognizes their duplicates', async () => {
    const { store, ids, messageIds } = await withDeadLetters(open, ['1', '2']);
    expect(await store.discard([ids[0] ?? 0, ids[0] ?? 0, 999_999_999])).toBe(1);
    expect(namesOf(await store.deadLetters(0, 10))).toEqual(['2']);
    expect(await store.append([message('bob', '1')])).toEqual([
      { outcome: 'duplicate', id: messageIds[0], position: undefined },
    ]);
    expect(await store.resend(ids, LATER)).toBe(1);
    expect(await store.discard(ids)).toBe(0);
  });

  it('accepts the confirmation of a message that has expired meanwhile', async () => {
    const { store, messageIds } = await withDeadLetters(open, ['1', '2']);
    await store.append([message('mallory', '3'), message('mallory', '4')]);
    await confirm(store, 'mallory', 1, 2, 2);
    await confirm(store, 'bob', 1);
    expect(namesOf(await store.deadLetters(0, 10))).toEqual(['2']);
    expect((await store.health()).deadLetters).toBe(1);
    expect(await store.append([message('bob', '1')])).toEqual([
      { outcome: 'duplicate', id: messageIds[0], position: undefined },
    ]);
    expect(await waitingFor(store, 'bob')).toEqual([]);
  });

  it('accepts the confirmation of a message that was displaced meanwhile, behind others that were taken', async () => {
    const store = await open({ whenFull: 'drop-oldest', maxPerUser: 2 });
    await appendToBob(store, '1', '2', '3', '4');
    await confirm(store, 'bob', 4, 3);
    expect(namesOf(await store.deadLetters(0, 10))).toEqual(['1', '2']);
    await confirm(store, 'bob', 2);
    expect(namesOf(await store.deadLetters(0, 10))).toEqual(['1']);
    expect(await store.append([message('bob', '2')])).toMatchObject([{ outcome: 'duplicate' }]);
    expect(await store.count('bob')).toEqual({ messages: 0, bytes: 0 });
  });

  it('remembers discarded and late confirmed messages for `rememberMs`, and no longer', async () => {
    let now = LATER;
    const { store, ids } = await withDeadLetters(open, ['1', '2'], { rememberMs: 1000 }, () => now);
    await store.discard(ids.slice(0, 1));
    await confirm(store, 'bob', 2);
    const again = async () =>
      (await store.append([message('bob', '1'), message('bob', '2')])).map(({ outcome }) => outcome);
    now += 999;
    await store.expire(now, 10);
    expect(await again()).toEqual(['duplicate', 'duplicate']);
    now += 2;
    await store.expire(now, 10);
    expect(await again()).toEqual(['stored', 'stored']);
  });

  it('accepts empty calls', async () => {
    const store = await open();
    expect(await store.resend([], NOON)).toBe(0);
    expect(await store.discard([])).toBe(0);
  });
};

interface Expired {
  readonly store: MessageStore;
  /** The numbers of the dead letters. */
  readonly ids: readonly DeadLetterId[];
  readonly messageIds: readonly MessageId[];
}

/** A store in which messages to Bob have expired. */
async function withDeadLetters(
  open: OpenStore,
  names: readonly string[],
  retention: Retention = {},
  wallTime?: () => number,
): Promise<Expired> {
  const store = await open({ maxAgeMs: 60_000, ...retention }, wallTime);
  const results = await store.append(names.map((name) => message('bob', name)));
  const { deadLetters } = await store.expire(LATER, 100);
  return { store, ids: deadLetters.map(({ id }) => id), messageIds: results.map(requireId) };
}
