import type { LogPlace, MessageStore, Position, SharedStore } from '@imcore/server/ports';
import { expect, it } from 'vitest';
import {
  advanceBob,
  appendToBob,
  confirm,
  countOf,
  device,
  message,
  NOON,
  namesOf,
  type OpenStorePair,
  positionsOf,
  requireId,
  waitingFor,
} from './fixture.js';

/** Two store objects on one database: what one of them writes, the other finds. */
export function sharing(openPair: OpenStorePair): void {
  it('has one identity for each database, of 1 to 64 characters', async () => {
    const [[one, other], [elsewhere]] = [await openPair(), await openPair()];
    const identity = await sharedOf(one).identity();
    expect(identity).toMatch(/^[\x21-\x7e]{1,64}$/);
    expect(await sharedOf(other).identity()).toBe(identity);
    expect(await sharedOf(elsewhere).identity()).not.toBe(identity);
  });

  it('returns the users for whom the other object has stored something', async () => {
    const [one, other] = await openPair();
    await other.append([message('bob', '1'), message('carol', '2'), message('carol', '3')]);
    expect(await waiting(one, 'bob', 'carol', 'dave')).toEqual(['bob', 'carol']);
    expect(await waiting(other, 'dave', 'bob')).toEqual(['bob']);
    expect(await waiting(one)).toEqual([]);
  });

  it('returns a user only if a message waits behind the place', async () => {
    const [one, other] = await openPair();
    await appendToBob(other, '1', '2');
    expect(await whichWait(one, { userId: 'bob', after: 1 })).toEqual(['bob']);
    expect(await whichWait(one, { userId: 'bob', after: 2 })).toEqual([]);
    await appendToBob(one, '3');
    expect(await whichWait(one, { userId: 'bob', after: 2 })).toEqual(['bob']);
    expect(await whichWait(one, { userId: 'bob', after: Number.MAX_SAFE_INTEGER })).toEqual([]);
  });

  it('compares each user with the place of that user', async () => {
    const [one, other] = await openPair();
    await other.append([message('bob', '1'), message('carol', '2'), message('bob', '3')]);
    const places = (bob: number, carol: number) => [
      { userId: 'bob', after: bob },
      { userId: 'carol', after: carol },
    ];
    expect(await whichWait(one, ...places(2, 0))).toEqual(['carol']);
    expect(await whichWait(one, ...places(1, 1))).toEqual(['bob']);
    expect(await whichWait(one, ...places(0, 0))).toEqual(['bob', 'carol']);
    expect(await whichWait(one, ...places(2, 1))).toEqual([]);
  });

  it('accepts several places of a user', async () => {
    const [one, other] = await openPair();
    await appendToBob(other, '1', '2');
    const [behind, atEnd] = [
      { userId: 'bob', after: 1 },
      { userId: 'bob', after: 2 },
    ] as const;
    expect(await whichWait(one, atEnd, behind, atEnd)).toEqual(['bob']);
    expect(await whichWait(one, atEnd, atEnd)).toEqual([]);
  });

  it('does not count what the v6 device has taken, in any order', async () => {
    const [one, other] = await openPair();
    await appendToBob(other, '1', '2', '3');
    await confirm(one, 'bob', 1, 3);
    expect(await waiting(other, 'bob')).toEqual(['bob']);
    expect(await whichWait(other, { userId: 'bob', after: 2 })).toEqual([]);
    await confirm(other, 'bob', 2);
    expect(await waiting(one, 'bob')).toEqual([]);
  });

  it('does not count messages of a history', async () => {
    const [one, other] = await openPair({ historyMs: 60_000 });
    await confirm(one, 'bob', ...(await appendToBob(other, '1')));
    expect(await waiting(other, 'bob')).toEqual([]);
  });

  it('counts what named devices have taken and the v6 device has not, and no echoes', async () => {
    const [one, other] = await openPair();
    for (const id of ['', 'web']) await one.putDevice('bob', device(id, { kind: '' }));
    await other.append([message('carol', 'echoed', { from: 'bob', echo: true }), message('bob', '2')]);
    await advanceBob(one, 'web', 2);
    expect(await waiting(other, 'bob')).toEqual(['bob']);
    await confirm(one, 'bob', 2);
    await other.append([message('carol', 'echoed too', { from: 'bob', echo: true })]);
    expect(await waiting(other, 'bob')).toEqual([]);
    expect(await waiting(one, 'bob')).toEqual([]);
  });

  it('counts everything behind the place of a named device', async () => {
    const [one, other] = await openPair();
    await one.putDevice('alice', device('web'));
    await other.append([{ ...message('bob', '1'), echo: true }]);
    await confirm(one, 'bob', 1);
    const named = (userId: string, after: number): LogPlace => ({ userId, after, device: 'named' });
    expect(await whichWait(one, named('bob', 0), named('alice', 0), named('carol', 0))).toEqual([
      'alice',
      'bob',
    ]);
    expect(await whichWait(one, named('bob', 1), named('alice', 1))).toEqual([]);
  });

  it('counts a dead letter only after it was resent', async () => {
    const [one, other] = await openPair({ maxAgeMs: 1000 });
    await appendToBob(other, '1');
    const { deadLetters } = await other.expire(NOON + 2000, 10);
    expect(await waiting(one, 'bob')).toEqual([]);
    const ids = deadLetters.map(({ id }) => id);
    expect(await one.resend(ids, NOON + 2000)).toBe(1);
    expect(await whichWait(other, { userId: 'bob', after: 1 })).toEqual(['bob']);
    expect(await whichWait(other, { userId: 'bob', after: 2 })).toEqual([]);
  });

  it('accepts thousands of places, and users with unusual ids', async () => {
    const [one, other] = await openPair();
    const userIds = Array.from({ length: 2500 }, (_, index) => `user-${index}`);
    const receivers = ['user-0', 'user-999', 'user-1000', 'user-2499', 'nul\u0000', '\ud800', '用户'];
    await other.append(receivers.map((to) => message(to, '1')));
    expect(await waiting(one, ...userIds, 'nul', 'nul\u0000', '\udfff', '\ud800', '用户')).toEqual(
      [...receivers].sort(),
    );
  });

  it('shows a message to the other object as soon as its append has resolved', async () => {
    const [one, other] = await openPair();
    let after: Position = 0;
    for (let round = 0; round < 50; round += 1) {
      const [writer, reader] = round % 2 === 0 ? [one, other] : [other, one];
      const positions = await appendToBob(writer, `${round}`);
      expect(reader.isEmptyFor?.('bob') === true).toBe(false);
      expect(await whichWait(reader, { userId: 'bob', after })).toEqual(['bob']);
      expect(positionsOf(await reader.take('bob', after, 10))).toEqual(positions);
      expect(positionsOf(await reader.read('bob', after, 10))).toEqual(positions);
      after = positions[0] ?? 0;
    }
    expect(after).toBe(50);
  });

  it('stores a message once that both objects append', async () => {
    const [one, other] = await openPair();
    const [first] = await one.append([message('bob', '1')]);
    expect(await other.append([message('bob', '1')])).toEqual([{ ...first, outcome: 'duplicate' }]);
    await confirm(other, 'bob', 1);
    expect(await one.append([message('bob', '1')])).toEqual([
      { outcome: 'duplicate', id: requireId(first), position: undefined },
    ]);
    expect(await countOf(one, 'bob')).toBe(0);
    expect(await appendToBob(one, '2')).toEqual([2]);
  });

  it('has the same devices, counts and epoch in both objects', async () => {
    const [one, other] = await openPair();
    expect(await other.epoch()).toBe(await one.epoch());
    await one.putDevice('bob', device('web'));
    await appendToBob(other, '1', '2', '3');
    expect(await other.devices('bob')).toEqual([device('web')]);
    await other.advance([{ userId: 'bob', deviceId: 'web', position: 2 }]);
    expect(await one.devices('bob')).toEqual([device('web', { position: 2 })]);
    await advanceBob(one, 'web', 1);
    expect(await other.devices('bob')).toEqual([device('web', { position: 2 })]);
    expect([await countOf(one, 'bob'), await countOf(other, 'bob')]).toEqual([1, 1]);
    expect(await other.removeDevice('bob', 'web')).toBe(true);
    expect(await one.devices('bob')).toEqual([]);
  });

  it('gives dead letters numbers that no object gives again', async () => {
    const [one, other] = await openPair({ maxPerUser: 1, whenFull: 'drop-oldest' });
    for (let round = 0; round < 5; round += 1) {
      await appendToBob(one, `a${round}`);
      await appendToBob(other, `b${round}`);
    }
    const deadLetters = await one.deadLetters(0, 100);
    expect(namesOf(deadLetters)).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2', 'a3', 'b3', 'a4']);
    expect(await other.deadLetters(0, 100)).toEqual(deadLetters);
    expect(new Set(deadLetters.map(({ id }) => id)).size).toBe(9);
  });

  it('reports deleted dead letters to the object that deleted them', async () => {
    const [one, other] = await openPair({ maxAgeMs: 1000, maxDeadLetters: 1 });
    const [byOne, byOther]: [string[], string[]] = [[], []];
    one.onDeadLettersDeleted((deadLetters) => byOne.push(...namesOf(deadLetters)));
    other.onDeadLettersDeleted((deadLetters) => byOther.push(...namesOf(deadLetters)));
    await appendToBob(one, '1', '2', '3');
    await other.expire(NOON + 2000, 2);
    await one.expire(NOON + 2000, 2);
    expect([byOne, byOther]).toEqual([['2'], ['1']]);
  });

  it('can still be used by the other object after one was closed', async () => {
    const [one, other] = await openPair();
    await appendToBob(one, '1');
    await one.close();
    await one.close();
    expect(await waiting(other, 'bob')).toEqual(['bob']);
    await appendToBob(other, '2');
    expect(await waitingFor(other, 'bob')).toEqual(['1', '2']);
  });
}

function sharedOf(store: MessageStore): SharedStore {
  if (store.shared === undefined) throw new Error('the store has no `shared`');
  return store.shared;
}

async function whichWait(store: MessageStore, ...places: readonly LogPlace[]): Promise<string[]> {
  return [...(await sharedOf(store).whichWait(places))].sort();
}

/** Which of these users have a message, read from the start. */
function waiting(store: MessageStore, ...userIds: readonly string[]): Promise<string[]> {
  return whichWait(store, ...userIds.map((userId) => ({ userId, after: 0 })));
}
