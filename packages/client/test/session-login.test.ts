import { describe, expect, it } from 'vitest';
import {
  ALICE,
  effect,
  kickOut,
  kinds,
  loginAccepted,
  loginRejected,
  newSession,
  onlineSession,
  outgoing,
  reconnect,
  runUntil,
  serverError,
  written,
} from './fixtures/machine.js';

describe('a first login', () => {
  it('opens a link, writes the login and is online after the response', () => {
    const session = newSession();

    expect(kinds(session.login(ALICE, 0))).toEqual(['state', 'connect']);
    expect(session.state).toBe('connecting');
    expect(written(session.linkOpened(10))).toEqual([
      {
        bridge: false,
        type: 0,
        dataContent: '{"loginUserId":"alice","loginToken":"t","firstLoginTime":0}',
        from: 'alice',
        to: '0',
        QoS: false,
        typeu: -1,
        sm: -1,
      },
    ]);
    expect(session.state).toBe('authenticating');
    expect(effect(session.receive(loginAccepted(77), 20), 'logged-in').firstLoginTime).toBe(77);
    expect(session.state).toBe('online');
  });

  it('ends in idle with the server’s code when it is rejected', () => {
    const session = newSession();
    session.login(ALICE, 0);
    session.linkOpened(0);

    const effects = session.receive(loginRejected(1025), 5);

    expect(kinds(effects)).toEqual(['rejected', 'disconnect', 'state', 'login-failed']);
    expect(effect(effects, 'rejected').code).toBe(1025);
    expect(effect(effects, 'login-failed').error).toMatchObject({
      code: 'ERR_LOGIN_REJECTED',
      serverCode: 1025,
    });
    expect(effect(effects, 'state')).toMatchObject({ current: 'idle', reason: 'rejected' });
    expect(session.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('is retried after a login that was not answered', () => {
    const session = newSession();
    session.login(ALICE, 0);
    session.linkOpened(100);

    expect(session.tick(6_099)).toEqual([]);
    const effects = session.tick(6_100);

    expect(kinds(effects)).toEqual(['disconnect', 'state']);
    expect(effect(effects, 'state')).toMatchObject({
      current: 'waiting',
      reason: 'unanswered',
      retryAt: 6_650,
    });
    expect(kinds(session.tick(6_650))).toEqual(['state', 'connect']);
    expect(written(session.linkOpened(6_700))).toMatchObject([{ type: 0 }]);
  });

  it('is retried after a link that could not be opened in time', () => {
    const session = newSession();
    session.login(ALICE, 0);

    const effects = session.tick(6_000);

    expect(kinds(effects)).toEqual(['disconnect', 'state']);
    expect(effect(effects, 'state')).toMatchObject({ current: 'waiting', reason: 'cannot-connect' });
  });

  it('is given up after connectTimeoutMs, with the last failure as cause', () => {
    const session = newSession({ connectTimeoutMs: 2_000 });
    session.login(ALICE, 0);
    const refused = new Error('ECONNREFUSED');
    session.linkClosed(refused, 1);

    session.tick(551);
    const effects = session.tick(2_000);

    expect(kinds(effects)).toEqual(['disconnect', 'state', 'login-failed']);
    expect(effect(effects, 'login-failed').error).toMatchObject({
      code: 'ERR_CANNOT_CONNECT',
      cause: refused,
    });
    expect(session.state).toBe('idle');
    expect(session.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('is tried once if autoReconnect is false', () => {
    const session = newSession({ autoReconnect: false });
    session.login(ALICE, 0);

    const effects = session.linkClosed(new Error('ECONNREFUSED'), 1);

    expect(effect(effects, 'login-failed').error.code).toBe('ERR_CANNOT_CONNECT');
    expect(session.state).toBe('idle');
  });

  it('fails when the user is kicked out before the response', () => {
    const session = newSession();
    session.login(ALICE, 0);
    session.linkOpened(0);

    const effects = session.receive(kickOut(1), 5);

    expect(effect(effects, 'kicked')).toEqual({ kind: 'kicked', code: 1, reason: undefined });
    expect(effect(effects, 'login-failed').error.code).toBe('ERR_KICKED');
  });

  it('fails on a logout before the response, without a logout packet', () => {
    const session = newSession();
    session.login(ALICE, 0);
    session.linkOpened(0);

    const effects = session.logout('logout');

    expect(kinds(effects)).toEqual(['disconnect', 'state', 'login-failed']);
    expect(effect(effects, 'login-failed').error.code).toBe('ERR_LOGIN_ABORTED');
  });

  it('accepts a response without firstLoginTime or code, and a code as a string', () => {
    for (const content of ['{"code":0}', '{}', '{"code":"0","firstLoginTime":8}']) {
      const session = newSession();
      session.login(ALICE, 0);
      session.linkOpened(0);
      session.receive(JSON.stringify({ type: 50, dataContent: content, from: '0', to: 'alice' }), 1);
      expect(session.state).toBe('online');
    }
  });

  it('ignores a repeated response', () => {
    const session = onlineSession();

    expect(session.receive(loginAccepted(1_700_000_000_001), 10)).toEqual([]);
    expect(session.receive(loginRejected(1025), 11)).toEqual([]);
    expect(session.nextDeadline).toBe(3_000);
  });

  it('keeps waiting after an invalid response', () => {
    const session = newSession();
    session.login(ALICE, 0);
    session.linkOpened(0);

    const effects = session.receive(JSON.stringify({ type: 50, dataContent: 'yes' }), 1);

    expect(kinds(effects)).toEqual(['error']);
    expect(session.state).toBe('authenticating');
  });
});

describe('a later login', () => {
  it('sends the server’s first login time on every link', () => {
    const session = onlineSession();
    const content = '{"loginUserId":"alice","loginToken":"t","firstLoginTime":1700000000001}';

    session.receive(serverError(301), 100);
    session.tick(650);
    expect(written(session.linkOpened(650))[0]?.dataContent).toBe(content);
    session.receive(loginAccepted(1_700_000_000_555), 650);
    session.receive(serverError(301), 700);
    session.tick(5_000);
    expect(written(session.linkOpened(5_000))[0]?.dataContent).toBe(content);
  });

  it('is not reported as a first login', () => {
    const session = onlineSession();
    session.linkClosed(undefined, 100);
    session.tick(1_000);

    expect(kinds(reconnect(session, 1_000))).toEqual(['state']);
  });

  it('ends in idle when it is rejected', () => {
    const session = onlineSession();
    session.linkClosed(undefined, 100);
    session.tick(1_000);
    session.linkOpened(1_000);

    const effects = session.receive(loginRejected(1026), 1_001);

    expect(kinds(effects)).toEqual(['rejected', 'disconnect', 'state']);
    expect(session.state).toBe('idle');
    expect(session.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('is retried without a limit', () => {
    const session = onlineSession();
    session.linkClosed(undefined, 0);

    const happened = runUntil(session, 3_600_000);

    expect(happened.filter((each) => each.effect.kind === 'connect').length).toBeGreaterThan(100);
    expect(session.state).not.toBe('idle');
  });
});

describe('the end of a login', () => {
  it('writes a logout packet on logout, then closes the link', () => {
    const session = onlineSession();

    const effects = session.logout('logout');

    expect(kinds(effects)).toEqual(['write', 'disconnect', 'state']);
    expect(written(effects)).toEqual([
      { bridge: false, type: 3, from: 'alice', to: '0', QoS: false, typeu: -1, sm: -1 },
    ]);
    expect(effect(effects, 'state')).toMatchObject({ current: 'idle', reason: 'logout', cause: undefined });
    expect(session.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('follows a kick-out, without another attempt', () => {
    const session = onlineSession();

    const effects = session.receive(kickOut(2, 'maintenance'), 10);

    expect(kinds(effects)).toEqual(['kicked', 'disconnect', 'state']);
    expect(effect(effects, 'kicked')).toMatchObject({ code: 2, reason: 'maintenance' });
    expect(effect(effects, 'state')).toMatchObject({ current: 'idle', reason: 'kicked' });
    expect(session.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('leaves no deadline on a logout while waiting for the next attempt', () => {
    const session = onlineSession();
    session.linkClosed(undefined, 100);

    expect(kinds(session.logout('logout'))).toEqual(['state']);
    expect(session.nextDeadline).toBe(Number.POSITIVE_INFINITY);
    expect(session.tick(100_000)).toEqual([]);
  });

  it('allows another login of the same client', () => {
    const session = onlineSession();
    session.logout('logout');
    session.login(ALICE, 1_000);

    expect(written(session.linkOpened(1_000))[0]?.dataContent).toContain('"firstLoginTime":0');
  });

  it('resets the failures for the next login', () => {
    const session = newSession({ connectTimeoutMs: 5_000 });
    session.login(ALICE, 0);
    session.linkClosed(new Error('ECONNREFUSED'), 0);
    session.retryNow(0);
    session.linkClosed(new Error('ECONNREFUSED'), 0);
    session.logout('logout');
    session.login(ALICE, 0);

    expect(effect(session.tick(5_000), 'login-failed').error.cause).toBeUndefined();
    session.login(ALICE, 6_000);
    expect(effect(session.linkClosed(undefined, 6_000), 'state').retryAt).toBe(6_550);
  });

  it('keeps messages of the next login until it is online', () => {
    const session = onlineSession();
    session.logout('logout');
    session.login(ALICE, 10);

    expect(session.send(outgoing(1), 'wait', 11)).toEqual([]);
  });

  it('is permanent after close', () => {
    const session = onlineSession();

    expect(kinds(session.logout('close'))).toEqual(['write', 'disconnect', 'state']);
    expect(session.state).toBe('closed');
    expect(session.logout('close')).toEqual([]);
  });

  it('has no effects if no user was logged in', () => {
    expect(newSession().logout('logout')).toEqual([]);
  });
});
