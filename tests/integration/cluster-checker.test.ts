import { describe, expect, it } from 'vitest';
import { check } from '../proof/src/cluster/checker.js';
import type { JournalEntry, Pair } from '../proof/src/cluster/journal.js';
import { MEMBERS } from '../proof/src/cluster/population.js';

const PAIR: Pair = 'v6-ws-1>v6-tcp-1';
const TO_UDP: Pair = 'v6-ws-1>v6-udp-1';

/** A journal in which all users are online at node a from 0 on, in calm, until 60 s. */
function journal(...entries: readonly JournalEntry[]): JournalEntry[] {
  return [
    ...MEMBERS.map(({ userId }): JournalEntry => ({ kind: 'online', at: 0, userId, node: 'a' })),
    { kind: 'calm', at: 0 },
    ...entries,
    report('a', 60_000, []),
  ];
}

function report(node: string, at: number, users: readonly string[]): JournalEntry {
  return { kind: 'report', at, node, users, nodes: [], known: MEMBERS.length, delayed: [] };
}

function acknowledged(at: number, number: number, pair = PAIR, once = true): JournalEntry {
  return { kind: 'acknowledged', at, pair, number, sentAt: at, once };
}

function delivered(at: number, number: number, sentAt: number, pair = PAIR): JournalEntry {
  return { kind: 'delivered', at, pair, number, sentAt, from: 'a', node: 'b' };
}

const violations = (...entries: readonly JournalEntry[]) => check(journal(...entries)).violations;

const NONE = {
  missing: 0,
  duplicated: 0,
  outOfOrder: 0,
  late: 0,
  kicked: 0,
  twiceOnline: 0,
  unrecovered: 0,
  offline: 0,
};

describe('the checker of the cluster proof', () => {
  it('finds nothing where each message is acknowledged and delivered once, in order', () => {
    expect(
      violations(acknowledged(1, 0), delivered(2, 0, 0), delivered(3, 1, 1), acknowledged(4, 1)),
    ).toEqual(NONE);
  });

  it('finds an acknowledged message that was never delivered', () => {
    expect(violations(acknowledged(1, 0))).toMatchObject({ missing: 1 });
  });

  it('finds a message that was delivered twice', () => {
    expect(violations(delivered(2, 0, 0), delivered(3, 0, 0))).toEqual({ ...NONE, duplicated: 1 });
  });

  it('finds a message that came after a later one', () => {
    const entries = [delivered(2, 1, 1), delivered(3, 0, 0), acknowledged(4, 0), acknowledged(4, 1)];
    expect(violations(...entries)).toEqual({ ...NONE, outOfOrder: 1 });
  });

  it('allows a retransmitted message to come after a later one', () => {
    const entries = [
      delivered(2, 1, 1),
      delivered(3, 0, 0),
      acknowledged(4, 0, PAIR, false),
      acknowledged(4, 1),
    ];
    expect(violations(...entries)).toEqual(NONE);
  });

  it('counts apart what came after a later one on UDP', () => {
    const entries = [delivered(2, 1, 1, TO_UDP), delivered(3, 0, 0, TO_UDP)];
    const verdict = check(journal(...entries, acknowledged(4, 0, TO_UDP), acknowledged(4, 1, TO_UDP)));
    expect(verdict).toMatchObject({ violations: NONE, excused: { 'receiver on UDP': 1 } });
  });

  it.each([
    [2, 0, 1],
    [20, 1, 0],
  ])(
    'excuses an overtaken message only if its node gave up the order meanwhile (at %d ms)',
    (at, outOfOrder, excused) => {
      const delayed = [{ userId: 'v6-tcp-1', at }];
      const giveUp: JournalEntry = {
        kind: 'report',
        at: 30,
        node: 'a',
        users: [],
        nodes: [],
        known: 0,
        delayed,
      };
      const entries = [
        delivered(2, 1, 1),
        delivered(3, 0, 0),
        acknowledged(4, 0),
        acknowledged(4, 1),
        giveUp,
      ];
      const verdict = check(journal(...entries));
      expect(verdict.violations.outOfOrder).toBe(outOfOrder);
      expect(verdict.excused['store silent']).toBe(excused);
    },
  );

  it('finds a message that waited for more than 6 s for a user who was online', () => {
    expect(violations(acknowledged(1000, 0), delivered(7100, 0, 999))).toEqual({ ...NONE, late: 1 });
  });

  it('does not count the time in which something is broken, or the user is offline, as waiting', () => {
    const userId = 'v6-tcp-1';
    const entries: JournalEntry[] = [
      acknowledged(1000, 0),
      { kind: 'began', at: 3000, act: 'NATS hung' },
      { kind: 'ended', at: 9000 },
      { kind: 'calm', at: 9500 },
      { kind: 'offline', at: 10_000, userId },
      { kind: 'online', at: 18_000, userId, node: 'b' },
      delivered(19_000, 0, 999),
    ];
    const { violations: found, longestWaitMs } = check(journal(...entries));
    expect(found).toMatchObject({ late: 0 });
    expect(longestWaitMs).toBe(3500);
  });

  it('counts a user as offline from the end of its node on, until it logs in again', () => {
    const entries: JournalEntry[] = [
      { kind: 'began', at: 1000, act: 'node killed with -9', closed: 'a' },
      { kind: 'ended', at: 1000 },
      { kind: 'calm', at: 1000 },
    ];
    expect(violations(...entries)).toMatchObject({ offline: MEMBERS.length });
  });

  it('excuses one kick-out for each first login that was not answered', () => {
    const userId = 'v6-tcp-1';
    const fresh: JournalEntry = { kind: 'fresh', at: 1000, userId, node: 'a' };
    const online: JournalEntry = { kind: 'online', at: 2000, userId, node: 'b' };
    const kicked: JournalEntry = { kind: 'kicked', at: 3000, userId, code: 1 };
    expect(violations(fresh, online, kicked)).toEqual({ ...NONE, kicked: 1 });
    expect(violations(fresh, fresh, online, kicked)).toEqual(NONE);
    expect(violations(fresh, fresh, online, kicked, kicked)).toEqual({ ...NONE, kicked: 1 });
    expect(violations({ ...fresh, at: -13_000 }, fresh, online, kicked)).toEqual({ ...NONE, kicked: 1 });
    expect(violations({ ...fresh, at: -13_000 }, fresh, fresh, online, kicked)).toEqual(NONE);
  });

  it('finds a user at two nodes for more than 3.5 s of calm', () => {
    const reports = Array.from({ length: 10 }, (_, index) => [
      report('a', 1000 + index * 500, ['v6-tcp-1']),
      report('b', 1001 + index * 500, ['v6-tcp-1']),
    ]).flat();
    expect(violations(...reports)).toMatchObject({ twiceOnline: 1 });
    expect(violations(...reports.slice(0, 14))).toMatchObject({ twiceOnline: 0 });
  });

  it('measures the recovery until all users are served and messages have gone everywhere', () => {
    const served = MEMBERS.map(
      ({ userId }, index): JournalEntry => acknowledged(2000 + index, 0, `${userId}>x`),
    );
    const entries: JournalEntry[] = [
      report('a', 900, []),
      report('b', 900, []),
      { kind: 'began', at: 1000, act: 'NATS hung' },
      { kind: 'ended', at: 1500 },
      delivered(1600, 0, 1550),
      ...served,
      { ...delivered(2900, 0, 2800), from: 'b', node: 'a' } as JournalEntry,
      { kind: 'calm', at: 3000 },
    ];
    const recovery = { servedMs: 500 + MEMBERS.length - 1, messagesMs: 1400 };
    expect(check(journal(...entries)).recoveries).toEqual(new Map([['NATS hung', [recovery]]]));
  });
});
