import { senseTimes } from '@imcore/protocol';
import { SeededRandom } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import type { Session } from '../src/session.js';
import {
  ALICE,
  effect,
  incoming,
  KEEP_ALIVE_ANSWER,
  kinds,
  loginAccepted,
  newSession,
  onlineSession,
  reconnect,
  runUntil,
  serverError,
  written,
} from './fixtures/machine.js';

describe('keep-alives', () => {
  it('are written at the interval of the sense mode', () => {
    const session = onlineSession();

    expect(session.nextDeadline).toBe(3_000);
    expect(written(session.tick(3_000))).toEqual([
      { bridge: false, type: 1, dataContent: '{}', from: 'alice', to: '0', QoS: false, typeu: -1, sm: -1 },
    ]);
    session.receive(KEEP_ALIVE_ANSWER, 3_040);
    expect(session.nextDeadline).toBe(6_000);
    expect(session.quality.roundTripMs).toBe(40);
    session.tick(6_000);
    session.receive(KEEP_ALIVE_ANSWER, 6_070);
    expect(session.quality.roundTripMs).toBe(70);
  });

  it('without a response end the link, on TCP after 5 s in the 3 s mode', () => {
    const session = onlineSession();

    const happened = runUntil(session, 5_550);

    expect(happened.map(({ at, effect: { kind } }) => [at, kind])).toEqual([
      [3_000, 'write'],
      [5_000, 'linkLost'],
      [5_000, 'disconnect'],
      [5_000, 'state'],
      [5_550, 'state'],
      [5_550, 'connect'],
    ]);
  });

  it('have a longer timeout on UDP: three are written before the link is lost after 10 s', () => {
    const session = onlineSession({ keepAlive: senseTimes(3, 'udp') });

    const happened = runUntil(session, 10_000);

    expect(written(happened.map((each) => each.effect))).toMatchObject([
      { type: 1 },
      { type: 1 },
      { type: 1 },
    ]);
    expect(happened.find((each) => each.effect.kind === 'linkLost')?.at).toBe(10_000);
  });

  it('are not answered by messages, only by the server’s response', () => {
    const session = onlineSession();

    session.receive(incoming('f1'), 4_000);

    expect(kinds(runUntil(session, 5_000).map((each) => each.effect))).toContain('linkLost');
  });

  it('do not measure a round trip if several are unanswered', () => {
    const session = onlineSession({ keepAlive: senseTimes(3, 'udp') });
    session.tick(3_000);
    session.tick(6_000);

    session.receive(KEEP_ALIVE_ANSWER, 6_010);

    expect(session.quality.roundTripMs).toBeUndefined();
  });

  it('are written first after a suspension, instead of losing the link', () => {
    const session = onlineSession();

    const effects = session.tick(600_000);

    expect(written(effects)).toMatchObject([{ type: 1 }]);
    expect(session.state).toBe('online');
  });

  it('stop when the link is lost', () => {
    const session = onlineSession();
    session.linkClosed(undefined, 100);

    expect(session.nextDeadline).toBe(650);
  });
});

describe('a lost link', () => {
  it('is reported with its reason and followed by another attempt', () => {
    const session = onlineSession();
    const broken = new Error('ECONNRESET');

    const effects = session.linkClosed(broken, 100);

    expect(kinds(effects)).toEqual(['linkLost', 'disconnect', 'state']);
    expect(effect(effects, 'linkLost')).toMatchObject({ reason: 'link-closed', cause: broken });
    expect(effect(effects, 'state')).toMatchObject({
      previous: 'online',
      current: 'waiting',
      reason: 'link-closed',
      retryAt: 650,
      cause: broken,
    });
  });

  it('ends the login if autoReconnect is false', () => {
    const session = onlineSession({ autoReconnect: false });

    const effects = session.linkClosed(undefined, 100);

    expect(kinds(effects)).toEqual(['linkLost', 'disconnect', 'state']);
    expect(effect(effects, 'state')).toMatchObject({
      current: 'idle',
      reason: 'link-closed',
      cause: { code: 'ERR_LINK_CLOSED' },
    });
    expect(session.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('results from error 301: the server no longer knows the session', () => {
    const session = onlineSession();

    const effects = session.receive(serverError(301), 100);

    expect(kinds(effects)).toEqual(['error', 'linkLost', 'disconnect', 'state']);
    expect(effect(effects, 'error').error).toMatchObject({ code: 'ERR_SERVER_REPORTED', serverCode: 301 });
    expect(effect(effects, 'state')).toMatchObject({ current: 'waiting', reason: 'session-unknown' });
  });

  it('does not result from other errors', () => {
    const session = onlineSession();

    expect(kinds(session.receive(serverError(999), 100))).toEqual(['error']);
    expect(session.state).toBe('online');
  });

  it('is reported once: late events of the link are ignored', () => {
    const session = onlineSession();
    session.linkClosed(undefined, 100);

    expect(session.linkClosed(undefined, 101)).toEqual([]);
    expect(session.receive(incoming('f1'), 102)).toEqual([]);
    expect(session.linkOpened(103)).toEqual([]);
  });

  it('is followed by an attempt at once when the network is back', () => {
    const session = onlineSession();
    session.linkClosed(undefined, 100);

    expect(kinds(session.retryNow(101))).toEqual(['state', 'connect']);
    expect(session.retryNow(102)).toEqual([]);
  });
});

describe('the delays between attempts', () => {
  it('have a bound that doubles up to maxMs, each random between minMs and the bound', () => {
    const bounds = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000];
    const shortest = onlineSession({}, () => 0);
    const longest = onlineSession({}, () => 1);

    expect(waitsOf(shortest, bounds.length)).toEqual(bounds.map(() => 100));
    expect(waitsOf(longest, bounds.length)).toEqual(bounds);
  });

  it('differ between clients of the same server, also before the first attempt', () => {
    const waits = [1, 2, 3, 4, 5].map(
      (seed) => waitsOf(onlineSession({}, new SeededRandom(seed).next), 1)[0],
    );

    expect(new Set(waits).size).toBe(5);
    expect(waits.every((wait) => wait !== undefined && wait >= 100 && wait <= 1_000)).toBe(true);
  });

  it('restart when a keep-alive was answered', () => {
    const session = onlineSession({}, () => 1);
    expect(waitsOf(session, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
    session.retryNow(0);
    reconnect(session, 0);
    session.tick(3_000);
    session.receive(KEEP_ALIVE_ANSWER, 3_001);

    expect(waitsOf(session, 2)).toEqual([1_000, 2_000]);
  });

  it('keep growing when the link is lost after each login', () => {
    const session = onlineSession({}, () => 1);
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      waits.push(...waitsOf(session, 1));
      session.retryNow(0);
      reconnect(session, 0);
    }

    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000]);
  });

  it('are random after a keep-alive timeout too', () => {
    const session = onlineSession();
    session.tick(3_000);

    expect(effect(session.tick(5_000), 'state')).toMatchObject({ current: 'waiting', retryAt: 5_550 });
  });

  it('are 0 when a probe is not answered, which the platform or the user has asked for', () => {
    const session = onlineSession();
    session.retryNow(100);

    expect(effect(session.tick(6_100), 'state')).toMatchObject({ current: 'waiting', retryAt: 6_100 });
  });
});

describe('a probe', () => {
  it('is repeated after a suspension', () => {
    const session = onlineSession();
    session.retryNow(100);

    expect(written(session.tick(300_000))).toMatchObject([{ type: 1 }]);
    session.receive(KEEP_ALIVE_ANSWER, 300_020);

    expect(session.state).toBe('online');
    expect(session.quality.roundTripMs).toBeUndefined();
  });

  it('without a response ends the link, with the timeout in the error message', () => {
    const session = onlineSession({ loginTimeoutMs: 1_500 });
    session.retryNow(100);

    expect(effect(session.tick(1_600), 'linkLost')).toMatchObject({
      cause: { code: 'ERR_LINK_SILENT', message: expect.stringContaining('1500 ms') },
    });
  });

  it('measures a round trip only if no other keep-alive is unanswered', () => {
    const session = onlineSession();
    session.retryNow(2_990);
    session.tick(3_000);

    session.receive(KEEP_ALIVE_ANSWER, 3_090);

    expect(session.quality.roundTripMs).toBeUndefined();
    session.retryNow(4_000);
    session.receive(KEEP_ALIVE_ANSWER, 4_100);
    expect(session.quality.roundTripMs).toBe(100);
  });
});

describe('an idle session', () => {
  it('ignores all events of a link', () => {
    const session = newSession();

    expect(session.linkOpened(0)).toEqual([]);
    expect(session.linkClosed(undefined, 0)).toEqual([]);
    expect(session.receive(incoming('f1'), 0)).toEqual([]);
  });
});

/** Loses the link `count` times without a login in between, at instant 0. Returns the delays. */
function waitsOf(session: Session, times: number): number[] {
  const waits: number[] = [];
  for (let i = 0; i < times; i++) {
    const effects = session.linkClosed(undefined, 0);
    waits.push(effect(effects, 'state').retryAt ?? Number.NaN);
    if (i < times - 1) session.retryNow(0);
  }
  return waits;
}

describe('the server’s clock offset', () => {
  const SERVER_NOON = 1_800_000_000_000;

  it('is measured from the first login time, with an error of half the response time', () => {
    const session = newSession();
    session.login(ALICE, 0);
    session.linkOpened(100);
    session.receive(loginAccepted(SERVER_NOON), 300);

    expect(session.quality.at(300, SERVER_NOON + 100)).toMatchObject({ clockOffsetMs: 0, clockErrorMs: 100 });
  });

  it('is not changed by a later login response, which repeats that time', () => {
    const session = onlineSession();
    const before = session.quality.at(0, 0);
    session.linkClosed(undefined, 1_000);
    session.retryNow(2_000);
    reconnect(session, 2_000);

    expect(session.quality.at(0, 0).clockOffsetMs).toBe(before.clockOffsetMs);
  });

  it('is measured from keep-alive responses that have the server’s time', () => {
    const session = newSession();
    session.login(ALICE, 0);
    session.linkOpened(0);
    session.receive(loginAccepted(SERVER_NOON), 4_000);
    session.tick(7_000);
    session.receive(
      `{"type":51,"dataContent":"{}","from":"0","to":"alice","sm":${SERVER_NOON + 9_000}}`,
      7_040,
    );

    expect(session.quality.at(7_040, SERVER_NOON + 7_020)).toMatchObject({
      clockOffsetMs: 2_000,
      clockErrorMs: 20,
    });
  });
});

describe('a client with adaptive keep-alives', () => {
  it('increases the interval while responses arrive, and reduces it after a lost link', () => {
    const session = onlineSession({ keepAliveBounds: { minMs: 3_000, maxMs: 10_000 } });
    const sentAt: number[] = [];
    for (let n = 0; n < 5; n++) {
      const at = session.nextDeadline;
      session.tick(at);
      sentAt.push(at);
      session.receive(KEEP_ALIVE_ANSWER, at);
    }

    expect(sentAt).toEqual([3_000, 6_000, 10_500, 17_250, 27_250]);
    session.linkClosed(undefined, 30_000);
    session.retryNow(30_000);
    reconnect(session, 30_000);
    expect(session.nextDeadline).toBe(35_000);
  });
});
