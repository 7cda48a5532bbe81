import type { MessageStore, Position } from '@imcore/server/ports';
import { expect, it } from 'vitest';
import {
  appendToBob,
  confirm,
  device,
  message,
  namesOf,
  type OpenStorePair,
  positionsOf,
  requirePosition,
  waitingFor,
} from './fixture.js';

/** Two store objects that write to the same logs at the same time. */
export function sharingPositions(openPair: OpenStorePair): void {
  it('gives dense positions when both objects append at the same time, each in its own order', async () => {
    const [one, other] = await openPair();
    const appendAll = async (store: MessageStore, prefix: string): Promise<Position[]> => {
      const positions: Position[] = [];
      for (let n = 0; n < 20; n += 1) positions.push(...(await appendToBob(store, `${prefix}${n}`)));
      return positions;
    };
    const positions = (await Promise.all([appendAll(one, 'a'), appendAll(other, 'b')])).flat();
    const expected = Array.from({ length: 40 }, (_, index) => index + 1);
    expect(positions.sort((a, b) => a - b)).toEqual(expected);
    const { entries } = await one.take('bob', 0, 100);
    expect(entries.map(({ position }) => position)).toEqual(expected);
    const ids = entries.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    for (const prefix of ['a', 'b']) {
      const own = namesOf(entries).filter((name) => name.startsWith(prefix));
      expect(own).toEqual(Array.from({ length: 20 }, (_, n) => `${prefix}${n}`));
    }
  });

  it('gives dense positions when both objects append for the same users in opposite order', async () => {
    const [one, other] = await openPair();
    const users = Array.from({ length: 10 }, (_, index) => `user-${index}`);
    for (const userId of users) await one.putDevice(userId, device('web'));
    const batchOf = (order: readonly string[], name: string) =>
      order.map((from, n) => message(order[(n + 1) % order.length] ?? '', name, { from, echo: true }));
    const rounds = Array.from({ length: 10 }, (_, round) => [
      one.append(batchOf(users, `a${round}`)),
      other.append(batchOf([...users].reverse(), `b${round}`)),
    ]);
    const results = (await Promise.all(rounds.flat())).flat();
    expect(results.every(({ outcome }) => outcome === 'stored')).toBe(true);
    for (const userId of users) {
      const page = await one.read(userId, 0, 100);
      expect(page).toMatchObject({ removed: 0, last: 40 });
      expect(positionsOf(page)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    }
  });

  it('gives each message of a batch one position that both objects append at the same time', async () => {
    const [one, other] = await openPair();
    for (let round = 0; round < 10; round += 1) {
      const batch = ['a', 'b', 'c', 'd'].map((name) => message('bob', `${round} ${name}`));
      const [ours, theirs] = await Promise.all([one.append(batch), other.append([...batch].reverse())]);
      const [first, second] = [ours.map(requirePosition), theirs.map(requirePosition).reverse()];
      expect(first).toEqual(second);
      const outcomes = [...ours, ...theirs].map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(4);
    }
    expect(positionsOf(await one.take('bob', 0, 100))).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
  });

  it('takes what both objects confirm at the same time', async () => {
    const [one, other] = await openPair();
    const positions = await appendToBob(one, ...Array.from({ length: 100 }, (_, n) => `${n}`));
    const odd = positions.filter((position) => position % 2 === 1);
    const even = positions.filter((position) => position % 2 === 0 && position < 100);
    await Promise.all([
      ...odd.map((position) => confirm(one, 'bob', position)),
      ...even.map((position) => confirm(other, 'bob', position)),
    ]);
    expect(await waitingFor(one, 'bob')).toEqual(['99']);
    expect(await other.count('bob')).toEqual({ messages: 1, bytes: 'body of 99'.length });
    expect(await one.health()).toMatchObject({ waiting: 1 });
  });
}
