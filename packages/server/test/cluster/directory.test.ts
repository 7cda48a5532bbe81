import { describe, expect, it } from 'vitest';
import type { Claim, SessionClaim } from '../../src/cluster/claims.js';
import { Directory } from '../../src/cluster/directory.js';
import { goneChange } from '../../src/cluster/frames.js';

const session = (userId: string, stamp: number, deviceId = ''): SessionClaim => ({
  ...{ userId, deviceId, stamp },
  firstLoginTime: stamp,
});

function setUp() {
  const calls: string[] = [];
  const name = ({ userId, nodeId, stamp }: Claim) => `${userId} ${nodeId} ${stamp}`;
  const directory = new Directory('a', 1, {
    claimAdded: (claim) => calls.push(`added ${name(claim)}`),
    claimRemoved: (claim) => calls.push(`removed ${name(claim)}`),
    userAdded: () => {},
    userRemoved: () => {},
    claimLost: (own, winner) => calls.push(`lost ${name(own)} to ${name(winner)}`),
  });
  directory.addNode('b', 2);
  directory.addNode('c', 3);
  return { directory, calls };
}

describe('Directory', () => {
  it('applies changes in order, and ignores late and repeated ones', () => {
    const { directory, calls } = setUp();
    expect(directory.applyChanges('b', 1, [session('u', 5)])).toBe(true);
    expect(directory.applyChanges('b', 2, [goneChange(session('u', 0))])).toBe(true);
    expect(directory.applyChanges('b', 1, [session('u', 5)])).toBe(true);
    expect(directory.nodesOf('u')).toEqual([]);
    expect(calls).toEqual(['added u b 5', 'removed u b 5']);
  });

  it('says that changes are missing until it has all sessions', () => {
    const { directory, calls } = setUp();
    directory.applyChanges('b', 1, [session('u', 5), session('v', 6)]);
    expect(directory.applyChanges('b', 3, [session('w', 7)])).toBe(false);
    expect(directory.applyChanges('b', 4, [])).toBe(false);
    calls.length = 0;
    // Older than the changes that are known: it would undo them.
    expect(directory.applyAll('b', 3, 0, 1, [])).toBe(false);
    expect(directory.applyAll('b', 4, 0, 1, [session('v', 6), session('w', 7), session('x', 8)])).toBe(true);
    expect(calls).toEqual(['added x b 8', 'removed u b 5']);
    expect(directory.hasGap('b')).toBe(false);
  });

  it('takes the parts of all sessions in any order, and removes what none names with the last one', () => {
    const { directory } = setUp();
    directory.applyChanges('b', 1, [session('u', 5)]);
    expect(directory.applyAll('b', 4, 1, 2, [session('v', 6)])).toBe(false);
    expect(directory.applyAll('b', 4, 1, 2, [session('v', 6)])).toBe(false);
    expect(directory.nodesOf('u')).toEqual(['b']);
    expect(directory.nodesOf('v')).toEqual(['b']);
    expect(directory.applyAll('b', 4, 0, 2, [session('w', 7)])).toBe(true);
    expect([directory.nodesOf('u'), directory.usersOf('b')]).toEqual([[], 2]);
  });

  it('compares digests', () => {
    const { directory } = setUp();
    const other = new Directory('b', 2, {
      ...{ claimAdded() {}, claimRemoved() {}, claimLost() {}, userAdded() {}, userRemoved() {} },
    });
    const claim = other.claim(session('u', 0), 5, 5, true);
    other.announced(1);
    expect(directory.compare('b', other.own)).toBe(false);
    expect(directory.hasGap('b')).toBe(true);
    directory.applyChanges('b', 2, [claim]);
    // What was missed has changed nothing.
    expect(directory.compare('b', { ...other.own, seq: 2 })).toBe(true);
    expect(directory.hasGap('b')).toBe(false);
    other.withdraw(claim, claim.stamp);
    expect(other.own).toMatchObject({ digest: 0, users: 0 });
    expect(directory.compare('b', { ...other.own, seq: 1 })).toBe(true);
    expect(directory.compare('b', { ...other.own, seq: 2 })).toBe(false);
  });

  it('removes the claims of a node with it, and keeps those of others', () => {
    const { directory, calls } = setUp();
    directory.applyChanges('b', 1, [session('u', 5)]);
    directory.applyChanges('c', 1, [session('u', 6, 'phone')]);
    directory.removeNode('b');
    expect(calls.at(-1)).toBe('removed u b 5');
    expect(directory.nodesOf('u')).toEqual(['c']);
    directory.addNode('d', 4);
    expect(directory.usersOf('d')).toBe(0);
    directory.applyChanges('b', 2, [session('u', 7)]);
    expect(directory.nodesOf('u')).toEqual(['c']);
  });

  it('reports an own session that loses, and no other', () => {
    const { directory, calls } = setUp();
    const own = directory.claim(session('u', 0), 5, 5, false);
    directory.claim(session('u', 0, 'phone'), 9, 9, false);
    directory.applyChanges('b', 1, [session('u', 4), session('u', 8, 'phone')]);
    expect(calls.filter((call) => call.startsWith('lost'))).toEqual([]);
    directory.applyChanges('b', 2, [session('u', 6)]);
    expect(calls.at(-1)).toBe('lost u a 5 to u b 6');
    expect(directory.claimOf(own)).toMatchObject({ nodeId: 'b', stamp: 6 });
  });

  it('keeps the newer session of a device when the older one is withdrawn', () => {
    const { directory } = setUp();
    const old = directory.claim(session('u', 0), 5, 5, false);
    const young = directory.claim(session('u', 0), 5, 5, true);
    expect(young.stamp).toBe(old.stamp + 1);
    expect(directory.withdraw(old, old.stamp)).toBe(false);
    expect(directory.claimsOf('u')).toEqual([young]);
    expect(directory.own.users).toBe(1);
  });

  it('names each other node of a user once', () => {
    const { directory } = setUp();
    directory.claim(session('u', 0), 5, 5, true);
    directory.applyChanges('b', 1, [session('u', 6), session('u', 7, 'phone')]);
    expect(directory.nodesOf('u')).toEqual(['b']);
    expect(directory.claimsOf('u')).toHaveLength(3);
    expect([directory.users, directory.usersOf('a'), directory.usersOf('b')]).toEqual([1, 1, 1]);
  });

  it('tells when a user has its first session at any node, and when it has none any more', () => {
    const presence: string[] = [];
    const shared = new Directory('a', 1, {
      ...{ claimAdded() {}, claimRemoved() {}, claimLost() {} },
      userAdded: ({ userId }) => presence.push(`${userId} on`),
      userRemoved: ({ userId }) => presence.push(`${userId} off`),
    });
    shared.addNode('b', 2);
    const session = { userId: 'u', deviceId: 'phone', firstLoginTime: 1, stamp: 1 };
    shared.applyChanges('b', 1, [session]);
    const own = shared.claim({ userId: 'u', deviceId: '' }, 2, 2, true);
    shared.applyChanges('b', 2, [{ ...session, stamp: 3 }]);
    shared.withdraw(own, own.stamp);
    expect(presence).toEqual(['u on']);
    shared.removeNode('b');
    expect(presence).toEqual(['u on', 'u off']);
  });
});
