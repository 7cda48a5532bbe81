import { describe, expect, it } from 'vitest';
import type { Effect } from '../src/effects.js';
import {
  ALICE,
  acknowledgement,
  contents,
  effect,
  incoming,
  KEEP_ALIVE_ANSWER,
  kickOut,
  kinds,
  loginAccepted,
  newSession,
  onlineSession,
  outgoing,
  receiveAndHandle,
  reconnect,
  runUntil,
  serverError,
  written,
} from './fixtures/machine.js';

/** Longer than any test, so that keep-alives do not interfere. */
const CALM = { keepAlive: { keepAliveIntervalMs: 1_000_000, clientTimeoutMs: 1_000_000 } };

describe('sending', () => {
  it('writes a message at once and reports its acknowledgement', () => {
    const session = onlineSession();

    expect(contents(session.send(outgoing(1), 'wait', 10))).toEqual(['m1']);
    expect(session.pendingMessages).toBe(1);
    expect(session.receive(acknowledgement('fp-1'), 20)).toEqual([
      { kind: 'sent', ticket: 1, fingerprint: 'fp-1', attempts: 1, outcome: 'received' },
    ]);
    expect(session.pendingMessages).toBe(0);
  });

  it('retransmits twice, 5 s apart, and gives up 5 s later, like the recorded clients', () => {
    const session = onlineSession(CALM);
    session.send(outgoing(1), 'wait', 1_000);

    const happened = runUntil(session, 60_000);

    expect(happened.map(({ at, effect: { kind } }) => [at, kind])).toEqual([
      [6_000, 'write'],
      [11_000, 'write'],
      [16_000, 'undelivered'],
    ]);
    expect(errorCode(happened.map((each) => each.effect))).toBe('ERR_NOT_ACKNOWLEDGED');
  });

  it('counts the attempts until the acknowledgement', () => {
    const session = onlineSession(CALM);
    session.send(outgoing(1), 'wait', 0);
    session.tick(5_000);

    expect(effect(session.receive(acknowledgement('fp-1'), 5_100), 'sent').attempts).toBe(2);
    expect(runUntil(session, 60_000)).toEqual([]);
  });

  it('is done when a message without QoS is written', () => {
    const session = onlineSession(CALM);

    const effects = session.send(outgoing(1, { qos: false }), 'wait', 0);

    expect(kinds(effects)).toEqual(['write', 'sent']);
    expect(effect(effects, 'sent')).toMatchObject({
      attempts: 1,
      outcome: 'written',
      fingerprint: undefined,
    });
    expect(runUntil(session, 60_000)).toEqual([]);
  });

  it('accepts an acknowledgement from the receiver only', () => {
    const session = onlineSession();
    session.send(outgoing(1), 'wait', 0);

    expect(session.receive(acknowledgement('fp-1', 'mallory'), 1)).toEqual([]);
    expect(session.pendingMessages).toBe(1);
  });

  it('ignores unknown and repeated acknowledgements', () => {
    const session = onlineSession();
    session.send(outgoing(1), 'wait', 0);
    session.receive(acknowledgement('fp-1'), 1);

    expect(session.receive(acknowledgement('fp-1'), 2)).toEqual([]);
    expect(session.receive(acknowledgement('never'), 3)).toEqual([]);
  });

  it('gives a reused fingerprint its full timeout', () => {
    const session = onlineSession(CALM);
    session.send(outgoing(1), 'wait', 0);
    session.receive(acknowledgement('fp-1'), 1);
    session.send(outgoing(2, { fingerprint: 'fp-1' }), 'wait', 4_000);

    expect(runUntil(session, 9_000).map(({ at }) => at)).toEqual([9_000]);
  });

  it('rejects a message that is too large for the transport, without writing it', () => {
    const session = onlineSession({ maxSendBytes: 1024 });
    const fits = outgoing(1, { content: '中'.repeat(304) });
    const tooLarge = outgoing(2, { content: '中'.repeat(305) });
    expect([fits.bytes, tooLarge.bytes]).toEqual([1022, 1025]);

    expect(kinds(session.send(fits, 'wait', 0))).toEqual(['write']);
    expect(errorCode(session.send(tooLarge, 'wait', 0))).toBe('ERR_TOO_LARGE');
  });

  it('accepts a message of exactly the maximum size', () => {
    const { bytes } = outgoing(1);

    expect(kinds(onlineSession({ maxSendBytes: bytes }).send(outgoing(1), 'wait', 0))).toEqual(['write']);
    expect(errorCode(onlineSession({ maxSendBytes: bytes - 1 }).send(outgoing(1), 'wait', 0))).toBe(
      'ERR_TOO_LARGE',
    );
  });

  it('rejects at once if no user is logged in', () => {
    expect(errorCode(newSession().send(outgoing(1), 'wait', 0))).toBe('ERR_CLOSED');
  });

  it('stops when the sender has aborted', () => {
    const session = onlineSession(CALM);
    session.send(outgoing(1), 'wait', 0);

    expect(errorCode(session.abort(1, 0))).toBe('ERR_ABORTED');
    expect(session.abort(1, 0)).toEqual([]);
    expect(session.receive(acknowledgement('fp-1'), 1)).toEqual([]);
    expect(runUntil(session, 60_000)).toEqual([]);
  });
});

describe('sending without a link', () => {
  it('waits for the login, then writes in the order of sending', () => {
    const session = newSession();
    session.login(ALICE, 0);
    expect(session.send(outgoing(1), 'wait', 1)).toEqual([]);
    expect(session.send(outgoing(2, { qos: false }), 'wait', 2)).toEqual([]);
    session.linkOpened(3);
    expect(session.send(outgoing(3), 'wait', 4)).toEqual([]);

    const effects = session.receive(loginAccepted(1), 5);

    expect(kinds(effects)).toEqual(['state', 'logged-in', 'write', 'write', 'sent', 'write']);
    expect(contents(effects)).toEqual(['m1', 'm2', 'm3']);
  });

  it('fails at once with whenOffline fail', () => {
    const session = onlineSession();
    session.linkClosed(undefined, 10);

    expect(errorCode(session.send(outgoing(1), 'fail', 11))).toBe('ERR_OFFLINE');
  });

  it('fails with ERR_NOT_SENT if there is no link in time', () => {
    const session = onlineSession({ ...CALM, connectTimeoutMs: 90_000 });
    session.linkClosed(undefined, 0);
    session.send(outgoing(1), 'wait', 1_000);

    const happened = runUntil(session, 40_000).filter((each) => each.effect.kind === 'undelivered');

    expect(happened.map(({ at }) => at)).toEqual([31_000]);
    expect(errorCode(happened.map((each) => each.effect))).toBe('ERR_NOT_SENT');
  });

  it('accepts at most maxPendingMessages messages', () => {
    const session = onlineSession({ maxPendingMessages: 2 });
    session.linkClosed(undefined, 0);
    session.send(outgoing(1), 'wait', 1);
    session.send(outgoing(2), 'wait', 1);

    expect(errorCode(session.send(outgoing(3), 'wait', 1))).toBe('ERR_QUEUE_FULL');
    session.abort(1, 0);
    expect(session.send(outgoing(4), 'wait', 1)).toEqual([]);
  });

  it('accepts at most maxPendingBytes bytes', () => {
    const { bytes } = outgoing(1);
    const session = onlineSession({ maxPendingBytes: 2 * bytes });
    session.linkClosed(undefined, 0);
    expect(session.send(outgoing(1), 'wait', 1)).toEqual([]);
    expect(session.send(outgoing(2), 'wait', 1)).toEqual([]);

    expect(errorCode(session.send(outgoing(3), 'wait', 1))).toBe('ERR_QUEUE_FULL');
    session.tick(31_000);
    expect(session.pendingMessages).toBe(0);
    expect(session.send(outgoing(4), 'wait', 31_000)).toEqual([]);
  });

  it('has its full capacity again after the next login', () => {
    const { bytes } = outgoing(1);
    const session = onlineSession({ maxPendingBytes: bytes });
    session.send(outgoing(1), 'wait', 1);
    session.logout('logout');
    session.login(ALICE, 2);

    expect(session.send(outgoing(2), 'wait', 3)).toEqual([]);
  });
});

describe('a link that is lost with unacknowledged messages', () => {
  it('is followed by writing them again, in order, before newer messages', () => {
    const session = onlineSession();
    session.send(outgoing(1), 'wait', 0);
    session.send(outgoing(2), 'wait', 0);
    session.send(outgoing(3), 'wait', 0);
    session.receive(acknowledgement('fp-2'), 1);
    session.linkClosed(undefined, 2);
    session.send(outgoing(4), 'wait', 3);
    session.tick(552);

    expect(contents(reconnect(session, 560))).toEqual(['m1', 'm3', 'm4']);
  });

  it('does not use up their retries: each link has all retries again', () => {
    const session = onlineSession(CALM);
    session.send(outgoing(1), 'wait', 0);
    session.tick(5_000);
    session.tick(10_000);
    session.linkClosed(undefined, 14_000);
    session.retryNow(14_000);
    reconnect(session, 14_000);

    const happened = runUntil(session, 40_000);

    expect(happened.map(({ at, effect: { kind } }) => [at, kind])).toEqual([
      [19_000, 'write'],
      [24_000, 'write'],
      [29_000, 'undelivered'],
    ]);
  });

  it('fails them with ERR_NOT_ACKNOWLEDGED after sendTimeoutMs', () => {
    const session = onlineSession(CALM);
    session.send(outgoing(1), 'wait', 0);
    session.linkClosed(undefined, 1);

    const failed = runUntil(session, 40_000).filter((each) => each.effect.kind === 'undelivered');

    expect(failed.map(({ at }) => at)).toEqual([30_000]);
    expect(errorCode(failed.map((each) => each.effect))).toBe('ERR_NOT_ACKNOWLEDGED');
  });

  it('allows their acknowledgement on the next link', () => {
    const session = onlineSession();
    session.send(outgoing(1), 'wait', 0);
    session.receive(serverError(301), 1);
    session.retryNow(2);
    reconnect(session, 3);

    expect(effect(session.receive(acknowledgement('fp-1'), 4), 'sent')).toMatchObject({ attempts: 2 });
  });

  it('fails them when the login ends, in order', () => {
    for (const end of [
      () => onlineWithTwo().receive(kickOut(1), 5),
      () => onlineWithTwo().logout('logout'),
      () => onlineWithTwo().logout('close'),
    ]) {
      const failed = end().filter((each) => each.kind === 'undelivered');
      expect(failed.map((each) => each.ticket)).toEqual([1, 2]);
      expect(failed.map((each) => each.error.code)).toEqual(['ERR_CLOSED', 'ERR_CLOSED']);
    }
  });
});

describe('receiving', () => {
  it('acknowledges a message when it was handled', () => {
    const session = onlineSession();

    const effects = session.receive(incoming('f1', 'bob', 'hello'), 10);
    expect(kinds(effects)).toEqual(['message']);
    const { hold } = effect(effects, 'message');

    expect(written(session.handled(hold, 20))).toEqual([
      { bridge: false, type: 4, dataContent: 'f1', from: 'alice', to: 'bob', QoS: false, typeu: -1, sm: -1 },
    ]);
    expect(effect(effects, 'message').message).toEqual({
      from: 'bob',
      to: 'alice',
      content: 'hello',
      type: -1,
      fingerprint: 'f1',
    });
  });

  it('ignores a copy of a message that is being handled', () => {
    const session = onlineSession(CALM);
    const { hold } = effect(session.receive(incoming('f1'), 10), 'message');

    expect(session.receive(incoming('f1'), 5_010)).toEqual([]);
    expect(session.receive(incoming('f1'), 600_000)).toEqual([]);
    expect(kinds(session.handled(hold, 600_001))).toEqual(['write']);
    expect(kinds(session.receive(incoming('f1'), 600_002))).toEqual(['write']);
  });

  it('emits the next copy of a message whose handling has failed', () => {
    const session = onlineSession();
    const { hold } = effect(session.receive(incoming('f1'), 10), 'message');

    expect(session.released(hold, 10)).toEqual([]);
    expect(kinds(receiveAndHandle(session, incoming('f1'), 5_010))).toEqual(['message', 'write']);
    expect(kinds(session.receive(incoming('f1'), 5_020))).toEqual(['write']);
  });

  it('acknowledges after the next login if there was no link when the message was handled', () => {
    const session = onlineSession();
    const { hold } = effect(session.receive(incoming('f1'), 10), 'message');
    session.linkClosed(undefined, 20);
    expect(session.handled(hold, 30)).toEqual([]);
    session.retryNow(40);

    expect(written(reconnect(session, 40))).toMatchObject([{ type: 4, dataContent: 'f1', to: 'bob' }]);
    expect(kinds(session.receive(incoming('f1'), 50))).toEqual(['write']);
  });

  it('does not acknowledge a message of a user who has logged out to another', () => {
    const session = onlineSession();
    const { hold } = effect(session.receive(incoming('f1'), 10), 'message');
    session.logout('logout');
    session.login({ ...ALICE, userId: 'carol' }, 20);
    reconnect(session, 20);

    expect(session.isHeld(String(hold))).toBe(false);
    expect(session.handled(hold, 30)).toEqual([]);
    expect(kinds(session.receive(incoming('f1'), 40))).toEqual(['message']);
  });

  it('ignores messages over maxUnhandledMessages, and reports it once until all are handled', () => {
    const session = onlineSession({ maxUnhandledMessages: 2 });
    const holds = ['f1', 'f2'].map((fp) => effect(session.receive(incoming(fp), 1), 'message').hold);
    const withoutQos = '{"type":2,"dataContent":"x","from":"bob","to":"alice"}';

    expect(effect(session.receive(incoming('f3'), 2), 'error').error).toMatchObject({
      code: 'ERR_TOO_MANY_UNHANDLED',
      message: '2 messages are being handled, which is maxUnhandledMessages: further ones are ignored',
    });
    expect(session.receive(incoming('f4'), 3)).toEqual([]);
    expect(session.receive(withoutQos, 3)).toEqual([]);
    for (const hold of holds) expect(kinds(session.handled(hold, 4))).toEqual(['write']);
    for (const fp of ['f3', 'f4']) expect(kinds(session.receive(incoming(fp), 5))).toEqual(['message']);
    expect(kinds(session.receive(withoutQos, 6))).toEqual(['error']);
  });

  it('acknowledges every copy and emits the first', () => {
    const session = onlineSession();
    receiveAndHandle(session, incoming('f1'), 10);

    expect(kinds(receiveAndHandle(session, incoming('f1'), 5_010))).toEqual(['write']);
    expect(kinds(receiveAndHandle(session, incoming('f1'), 600_000))).toEqual(['write']);
  });

  it('emits messages with equal fingerprints of different senders', () => {
    const session = onlineSession();
    receiveAndHandle(session, incoming('f1', 'bob'), 10);

    expect(kinds(receiveAndHandle(session, incoming('f1', 'carol'), 11))).toEqual(['message', 'write']);
  });

  it('emits a message with a known fingerprint and another content', () => {
    const session = onlineSession();
    const again = incoming('1').replace(/"dataContent":"[^"]*"/, '"dataContent":"another"');
    receiveAndHandle(session, incoming('1'), 10);

    expect(kinds(receiveAndHandle(session, again, 11))).toEqual(['message', 'write']);
    expect(kinds(receiveAndHandle(session, again, 12))).toEqual(['write']);
  });

  it('does not confuse sender and fingerprint when they are concatenated', () => {
    const session = onlineSession();
    receiveAndHandle(session, incoming('b:x', 'a'), 10);

    expect(kinds(receiveAndHandle(session, incoming('x', 'a:b'), 11))).toEqual(['message', 'write']);
  });

  it('remembers fingerprints after a lost link', () => {
    const session = onlineSession();
    receiveAndHandle(session, incoming('f1'), 10);
    session.linkClosed(undefined, 20);
    session.retryNow(20);
    reconnect(session, 20);

    expect(kinds(receiveAndHandle(session, incoming('f1'), 30))).toEqual(['write']);
  });

  it('remembers fingerprints for the same user, and forgets them for another', () => {
    const session = onlineSession();
    receiveAndHandle(session, incoming('f1'), 10);
    session.logout('logout');
    session.login(ALICE, 20);
    reconnect(session, 20);
    expect(kinds(receiveAndHandle(session, incoming('f1'), 30))).toEqual(['write']);

    session.logout('logout');
    session.login({ ...ALICE, userId: 'carol' }, 40);
    reconnect(session, 40);
    expect(kinds(receiveAndHandle(session, incoming('f1'), 50))).toEqual(['message', 'write']);
  });

  it('forgets a fingerprint after ten minutes at the earliest, and within twenty', () => {
    const session = onlineSession(CALM);
    receiveAndHandle(session, incoming('f1'), 0);
    receiveAndHandle(session, incoming('f2'), 599_000);
    expect(kinds(receiveAndHandle(session, incoming('f1'), 600_000))).toEqual(['write']);

    receiveAndHandle(session, incoming('f3'), 1_200_001);
    receiveAndHandle(session, incoming('f4'), 1_800_002);
    expect(kinds(receiveAndHandle(session, incoming('f1'), 1_800_003))).toEqual(['message', 'write']);
  });

  it('accepts messages that arrive before the login response', () => {
    const session = newSession();
    session.login(ALICE, 0);
    session.linkOpened(0);

    expect(kinds(receiveAndHandle(session, incoming('f1'), 1))).toEqual(['message']);
    expect(written(session.receive(loginAccepted(1), 2))).toMatchObject([{ type: 4, dataContent: 'f1' }]);
  });

  it('reports an invalid frame and continues', () => {
    const session = onlineSession();

    for (const frame of ['{"type":2', 'null', '', '[]', '{"type":{}}']) {
      expect(kinds(session.receive(frame, 1))).toEqual(['error']);
    }
    expect(kinds(receiveAndHandle(session, incoming('f1'), 2))).toEqual(['message', 'write']);
  });

  it('reports invalid control packets and continues', () => {
    const session = onlineSession();

    for (const type of [52, 54]) {
      expect(kinds(session.receive(JSON.stringify({ type, dataContent: 'x' }), 1))).toEqual(['error']);
    }
    expect(session.state).toBe('online');
  });

  it('ignores an unexpected keep-alive response', () => {
    expect(onlineSession().receive(KEEP_ALIVE_ANSWER, 1)).toEqual([]);
  });
});

function onlineWithTwo() {
  const session = onlineSession();
  session.send(outgoing(1), 'wait', 0);
  session.send(outgoing(2), 'wait', 0);
  return session;
}

function errorCode(effects: readonly Effect[]): string {
  return effect(effects, 'undelivered').error.code;
}
