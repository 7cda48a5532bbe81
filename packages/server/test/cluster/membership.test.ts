import { describe, expect, it } from 'vitest';
import { Membership, Peer } from '../../src/cluster/membership.js';

const self = { nodeId: 'a', life: 10 };
const b = { nodeId: 'b', life: 20 };

describe('Membership', () => {
  it('tells processes of one name apart by their lives', () => {
    const membership = new Membership(self, 'store');
    expect(membership.standingOf(b, 0)).toBe('unknown');
    membership.add(b, 0);
    expect(membership.standingOf(b, 0)).toBe('known');
    expect(membership.standingOf({ ...b, life: 19 }, 0)).toBe('ended');
    expect(membership.standingOf({ ...b, life: 21 }, 0)).toBe('unknown');
  });

  it('takes a lost process back, and remembers for a minute that one has ended', () => {
    const membership = new Membership(self, 'store');
    membership.remove(membership.add(b, 0), 'lost', 1000);
    expect(membership.standingOf(b, 1000)).toBe('unknown');
    expect(membership.standingOf({ ...b, life: 19 }, 1000)).toBe('ended');
    membership.remove(membership.add(b, 0), 'ended', 2000);
    expect(membership.standingOf(b, 61_999)).toBe('ended');
    expect(membership.standingOf({ ...b, life: 21 }, 2000)).toBe('unknown');
    expect(membership.standingOf(b, 62_000)).toBe('unknown');
    expect(membership.standingOf({ ...b, life: 19 }, 62_000)).toBe('unknown');
  });

  it('recognizes itself, and a later process of its own name', () => {
    const membership = new Membership(self, 'store');
    expect(membership.standingOf(self, 0)).toBe('self');
    expect(membership.standingOf({ ...self, life: 9 }, 0)).toBe('ended');
    expect(membership.standingOf({ ...self, life: 11 }, 0)).toBe('name-taken');
  });

  it('reports each process with another store once', () => {
    const membership = new Membership(self, 'store');
    expect(membership.checkStore(b, 'store')).toBe('same');
    expect(membership.checkStore(b, 'other')).toBe('report');
    expect(membership.checkStore(b, 'other')).toBe('reported');
    expect(membership.checkStore({ ...b, life: 21 }, 'other')).toBe('report');
  });
});

describe('the numbers of hints', () => {
  it('show which frames are missing, and no loss in late and repeated ones', () => {
    const peer = new Peer(b, 0);
    expect(peer.heardHint(100, 101)).toBe(true);
    expect(peer.heardHint(100, 103)).toBe(false);
    expect(peer.heardHint(100, 102)).toBe(true);
    expect(peer.heardHint(100, 103)).toBe(true);
    expect(peer.heardHintCount(100, 103)).toBe(true);
    expect(peer.heardHintCount(100, 104)).toBe(false);
    expect(peer.heardHintCount(100, 104)).toBe(true);
  });

  it('show that the first frames are missing', () => {
    expect(new Peer(b, 0).heardHint(100, 102)).toBe(false);
    expect(new Peer(b, 0).heardHintCount(100, 101)).toBe(false);
    expect(new Peer(b, 0).heardHintCount(100, 100)).toBe(true);
  });

  it('show that the other node had lost this one', () => {
    const peer = new Peer(b, 0);
    expect(peer.heardHintCount(100, 105)).toBe(false);
    expect(peer.heardHint(300, 301)).toBe(false);
    const [early, late] = [new Peer(b, 5), new Peer(b, 6)];
    early.countHints(900, 5);
    expect(late.hintsFrom).toBeGreaterThan(early.hintsTo);
  });

  it('are repeated in beats for 10 s', () => {
    const peer = new Peer(b, 0);
    expect(peer.hasRecentHints(10_000)).toBe(true);
    expect(peer.hasRecentHints(10_001)).toBe(false);
    peer.countHints(1, 20_000);
    expect(peer.hasRecentHints(30_000)).toBe(true);
  });
});
