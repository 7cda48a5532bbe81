import { SeededRandom } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { ClaimTable, NONE } from '../../src/cluster/claim-table.js';

const session = (userId: string, stamp: number, deviceId = '') => ({
  ...{ userId, deviceId, stamp },
  firstLoginTime: stamp,
});

describe('ClaimTable', () => {
  it('keeps the sessions of a user at several owners, and of several devices', () => {
    const table = new ClaimTable();
    table.add(1, session('alice', 5));
    table.add(2, session('alice', 6));
    table.add(2, session('alice', 7, 'phone'));
    table.add(2, session('bob', 8));
    expect(table.users).toBe(2);
    expect(table.countOf(2, 'alice')).toBe(2);
    expect(table.read(table.find(2, { userId: 'alice', deviceId: 'phone' }))).toEqual(
      session('alice', 7, 'phone'),
    );
    expect(table.find(1, { userId: 'alice', deviceId: 'phone' })).toBe(NONE);
    expect([...table.rowsOf(2)].map((row) => table.read(row).stamp)).toEqual([6, 7, 8]);
  });

  it('forgets the device of a row that is used again', () => {
    const table = new ClaimTable();
    const row = table.add(1, session('alice', 5, 'phone'));
    table.delete(row);
    expect(table.add(1, session('bob', 6))).toBe(row);
    expect(table.read(row)).toEqual(session('bob', 6));
  });

  it('has the same content as a plain map after many changes', () => {
    const random = new SeededRandom(7);
    const table = new ClaimTable();
    const expected = new Map<string, ReturnType<typeof session>>();
    for (let stamp = 1; stamp <= 5000; stamp++) {
      const [owner, userId] = [random.int(1, 3), `u${random.int(1, 60)}`];
      const deviceId = random.pick(['', '', 'phone']);
      const row = table.find(owner, { userId, deviceId });
      expect(row !== NONE).toBe(expected.has(`${owner} ${userId} ${deviceId}`));
      if (random.chance(0.4)) {
        if (row !== NONE) table.delete(row);
        expected.delete(`${owner} ${userId} ${deviceId}`);
        continue;
      }
      const claim = session(userId, stamp, deviceId);
      if (row === NONE) table.add(owner, claim);
      else table.change(row, claim);
      expected.set(`${owner} ${userId} ${deviceId}`, claim);
    }
    const rows = [1, 2, 3].flatMap((owner) => [...table.rowsOf(owner)].map((row) => [owner, row] as const));
    const content = rows.map(([owner, row]) => {
      const claim = table.read(row);
      return [`${owner} ${claim.userId} ${claim.deviceId}`, claim] as const;
    });
    expect(new Map(content)).toEqual(expected);
    expect(table.users).toBe(new Set([...expected.values()].map(({ userId }) => userId)).size);
  });
});
