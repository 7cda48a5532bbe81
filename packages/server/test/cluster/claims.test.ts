import { SeededRandom } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import {
  type Claim,
  decideAgainstClaim,
  hashOf,
  kickOutOf,
  nextStamp,
  winsOver,
} from '../../src/cluster/claims.js';
import { loginTimeOf } from '../../src/users/login-order.js';

const DAY_MS = 24 * 60 * 60 * 1000;

function claim(fields: Partial<Claim>): Claim {
  return { userId: 'u', deviceId: '', firstLoginTime: 100, stamp: 100, nodeId: 'a', life: 1, ...fields };
}

describe('winsOver', () => {
  it('prefers the later firstLoginTime, then the later session, then the node', () => {
    const base = claim({});
    expect(winsOver(claim({ firstLoginTime: 101, stamp: 1 }), base)).toBe(true);
    expect(winsOver(claim({ firstLoginTime: 99, stamp: 999 }), base)).toBe(false);
    expect(winsOver(claim({ stamp: 101 }), base)).toBe(true);
    expect(winsOver(claim({ stamp: 99, nodeId: 'b' }), base)).toBe(false);
    expect(winsOver(claim({ nodeId: 'b' }), base)).toBe(true);
  });

  it('has exactly one winner among any claims of a device', () => {
    const random = new SeededRandom(1);
    for (let round = 0; round < 500; round++) {
      const deviceId = random.pick(['', 'phone']);
      const claims = ['a', 'b', 'c'].map((nodeId) =>
        claim({ deviceId, nodeId, firstLoginTime: random.int(1, 3), stamp: random.int(1, 3) }),
      );
      const winners = claims.filter((one) => claims.every((other) => one === other || winsOver(one, other)));
      expect(winners).toHaveLength(1);
    }
  });
});

describe('kickOutOf', () => {
  it('kicks out another client, and closes a session whose client is back', () => {
    expect(kickOutOf(claim({}), claim({ firstLoginTime: 101 }))).toBe(1);
    expect(kickOutOf(claim({}), claim({ stamp: 101 }))).toBeUndefined();
  });
});

describe('decideAgainstClaim', () => {
  it.each([
    ['a first login', -1, 'kick-old'],
    ['a later firstLoginTime', 101, 'kick-old'],
    ['the same firstLoginTime', 100, 'replace-old'],
    ['an earlier firstLoginTime', 99, 'kick-new'],
    ['a time that no server gave to a client', 100 + 2 * DAY_MS, 'kick-new'],
  ])('decides for %s', (_, sent, decision) => {
    expect(decideAgainstClaim(claim({}), sent, 1, 0, 50)).toBe(decision);
  });

  it('lets exactly those logins in whose claims win', () => {
    const random = new SeededRandom(2);
    for (let round = 0; round < 2000; round++) {
      const known = claim({ firstLoginTime: random.int(1, 20), stamp: random.int(1, 20) });
      const [sent, wallTime] = [random.int(-1, 21), random.int(1, 20)];
      const decision = decideAgainstClaim(known, sent, 1, 0, wallTime);
      const firstLoginTime = loginTimeOf(sent, known.firstLoginTime, wallTime);
      const stamp = nextStamp(wallTime, random.int(0, 20), known.stamp, firstLoginTime !== sent);
      const own = claim({ firstLoginTime, stamp, nodeId: random.pick(['a', 'b']) });
      expect(winsOver(own, known)).toBe(decision !== 'kick-new');
      if (decision !== 'kick-new') expect(kickOutOf(known, own) === 1).toBe(decision === 'kick-old');
    }
  });
});

describe('nextStamp', () => {
  it('is later than the clock, than the last of the node and than the known one of the device', () => {
    expect(nextStamp(50, 0, 0, true)).toBe(50);
    expect(nextStamp(50, 50, 0, false)).toBe(51);
    expect(nextStamp(50, 60, 70, false)).toBe(71);
  });

  it('is even after a first login, and odd if the client has come back', () => {
    expect(nextStamp(50, 50, 0, true)).toBe(52);
    expect(nextStamp(50, 0, 0, false)).toBe(51);
  });
});

describe('hashOf', () => {
  it('is the same in every version of the frames', () => {
    expect(hashOf('alice', '', 1_700_000_000_000)).toBe(1_448_751_597);
    expect(hashOf('alice', 'phone', 1_700_000_000_000)).toBe(362_780_515);
  });

  it('depends on each part and on where the parts meet', () => {
    const hashes = [
      hashOf('ab', 'c', 1),
      hashOf('a', 'bc', 1),
      hashOf('abc', '', 1),
      hashOf('ab', 'c', 2),
      hashOf('ab', 'c', 1 + 2 ** 32),
    ];
    expect(new Set(hashes).size).toBe(5);
  });
});
