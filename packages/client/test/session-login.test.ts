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
  it('opens a link, writes the login when it is open and is online with the answer', () => {
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

  it('ends in idle with the server’s code when it is refused', () => {
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

  it('is tried again after a login that the server never answered', () => {
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

  it('is tried again after a link that could not be opened in time', () => {
    const session = newSession();
    session.login(ALICE, 0);

    const effects = session.tick(6_000);

    expect(kinds(effects)).toEqual(['disconnect', 'state']);
    expect(effect(effects, 'state')).toMatchObject({ current: 'waiting', reason: 'cannot-connect' });
  });

  it('is given up when connectTimeoutMs has passed, with the last failure as its cause', () => {
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

  it('is tried once where autoReconnect is off', () => {
    const session = newSession({ autoReconnect: false });
    session.login(ALICE, 0);

    const effects = session.linkClosed(new Error('ECONNREFUSED'), 1);

    expect(effect(effects, 'login-failed').error.code).toBe('ERR_CANNOT_CONNECT');
    expect(session.state).toBe('idle');
  });

  it('fails when the user is kicked out instead of accepted', () => {
    const session = newSession();
    session.login(ALICE, 0);
    session.linkOpened(0);

    const effects = session.receive(kickOut(1), 5);

    expect(effect(effects, 'kicked')).toEqual({ kind: 'kicked', code: 1, reason: undefined });
    expect(effect(effects, 'login-failed').error.code).toBe('ERR_KICKED');
  });

  it('fails when the user logs out meanwhile, without a goodbye to a server that never knew', () => {
    const session = newSession();
    session.login(ALICE, 0);
    session.linkOpened(0);

    const effects = session.logout('logout');

    expect(kinds(effects)).toEqual(['disconnect', 'state', 'login-failed']);
    expect(effect(effects, 'login-failed').error.code).toBe('ERR_LOGIN_ABORTED');
  });

  it('takes an answer without firstLoginTime or code, and one with the code as a string', () => {
    for (const content of ['{"code":0}', '{}', '{"code":"0","firstLoginTime":8}']) {
      const session = newSession();
      session.login(ALICE, 0);
      session.linkOpened(0);
      session.receive(JSON.stringify({ type: 50, dataContent: content, from: '0', to: 'alice' }), 1);
      expect(session.state).toBe('online');
    }
  });

  it('takes the answer once, for a network may repeat it', () => {
    const session = onlineSession();

    expect(session.receive(loginAccepted(1_700_000_000_001), 10)).toEqual([]);
    expect(session.receive(loginRejected(1025), 11)).toEqual([]);
    expect(session.nextDeadline).toBe(3_000);
  });

  it('waits on when the answer cannot be read', () => {
    const session = newSession();
    session.login(ALICE, 0);
    session.linkOpened(0);

    const effects = session.receive(JSON.stringify({ type: 50, dataContent: 'yes' }), 1);

    expect(kinds(effects)).toEqual(['error']);
    expect(session.state).toBe('authenticating');
  });
});

describe('a later login', () => {
  it('sends the first login time that the server gave, on every link', () => {
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

  it('is not reported as a first one', () => {
    const session = onlineSession();
    session.linkClosed(undefined, 100);
    session.tick(1_000);

    expect(kinds(reconnect(session, 1_000))).toEqual(['state']);
  });

  it('ends in idle when it is refused', () => {
    const session = onlineSession();
    session.linkClosed(undefined, 100);
    session.tick(1_000);
    session.linkOpened(1_000);

    const effects = session.receive(loginRejected(1026), 1_001);

    expect(kinds(effects)).toEqual(['rejected', 'disconnect', 'state']);
    expect(session.state).toBe('idle');
    expect(session.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('is tried for as long as it takes', () => {
    const session = onlineSession();
    session.linkClosed(undefined, 0);

    const happened = runUntil(session, 3_600_000);

    expect(happened.filter((each) => each.effect.kind === 'connect').length).toBeGreaterThan(100);
    expect(session.state).not.toBe('idle');
  });
});

describe('the end of a login', () => {
  it('is written to the server at logout, then the link is closed', () => {
    const session = onlineSession();

    const effects = session.logout('logout');

    expect(kinds(effects)).toEqual(['write', 'disconnect', 'state']);
    expect(written(effects)).toEqual([
      { bridge: false, type: 3, from: 'alice', to: '0', QoS: false, typeu: -1, sm: -1 },
    ]);
    expect(effect(effects, 'state')).toMatchObject({ current: 'idle', reason: 'logout', cause: undefined });
    expect(session.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('follows a kick-out, without another try', () => {
    const session = onlineSession();

    const effects = session.receive(kickOut(2, 'maintenance'), 10);

    expect(kinds(effects)).toEqual(['kicked', 'disconnect', 'state']);
    expect(effect(effects, 'kicked')).toMatchObject({ code: 2, reason: 'maintenance' });
    expect(effect(effects, 'state')).toMatchObject({ current: 'idle', reason: 'kicked' });
    expect(session.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('leaves nothing to do when it comes while waiting for the next try', () => {
    const session = onlineSession();
    session.linkClosed(undefined, 100);

    expect(kinds(session.logout('logout'))).toEqual(['state']);
    expect(session.nextDeadline).toBe(Number.POSITIVE_INFINITY);
    expect(session.tick(100_000)).toEqual([]);
  });

  it('lets the same client log in again as a new run', () => {
    const session = onlineSession();
    session.logout('logout');
    session.login(ALICE, 1_000);

    expect(written(session.linkOpened(1_000))[0]?.dataContent).toContain('"firstLoginTime":0');
  });

  it('leaves nothing of the last run’s failures to the next', () => {
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

  it('keeps messages of the next run until that is online', () => {
    const session = onlineSession();
    session.logout('logout');
    session.login(ALICE, 10);

    expect(session.send(outgoing(1), 'wait', 11)).toEqual([]);
  });

  it('is final after close', () => {
    const session = onlineSession();

    expect(kinds(session.logout('close'))).toEqual(['write', 'disconnect', 'state']);
    expect(session.state).toBe('closed');
    expect(session.logout('close')).toEqual([]);
  });

  it('is silent where nobody was logged in', () => {
    expect(newSession().logout('logout')).toEqual([]);
  });
});
