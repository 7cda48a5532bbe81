import { decodeFrameBody } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import type { SessionInfo } from '../src/hooks.js';
import { Session, type SessionEffect } from '../src/sessions/session.js';
import { acknowledgement, keepAlive, login, logout, message, wire } from './support/wire.js';

const alice: SessionInfo = {
  userId: 'alice',
  transport: 'tcp',
  remoteAddress: '127.0.0.1',
  remotePort: 40000,
  firstLoginTime: 1000,
  extra: 'phone',
};

function receive(session: Session, text: string): SessionEffect {
  return session.receive(decodeFrameBody(text));
}

function onlineSession(): Session {
  const session = new Session();
  receive(session, login('alice'));
  session.accepted(alice);
  return session;
}

const echo = wire({ type: 5 });

describe('Session', () => {
  it('lets a stranger log in, echo and log out, and nothing else', () => {
    const effect = (text: string) => receive(new Session(), text);
    expect(effect(login('alice'))).toBe('authenticate');
    expect(effect(echo)).toBe('answer-echo');
    expect(effect(logout('alice'))).toBe('close');
    expect(effect(keepAlive('alice'))).toBe('refuse-not-logged-in');
    expect(effect(message('alice', 'bob', 'hi', 'fp-1'))).toBe('refuse-not-logged-in');
    expect(effect(acknowledgement('alice', 'bob', 'fp-1'))).toBe('refuse-not-logged-in');
  });

  it('has everything but echo and logout wait while a login is decided', () => {
    const session = new Session();
    receive(session, login('alice'));
    expect(session.state).toBe('authenticating');
    expect(receive(session, login('alice'))).toBe('defer');
    expect(receive(session, keepAlive('alice'))).toBe('defer');
    expect(receive(session, message('alice', 'bob', 'hi', 'fp-1'))).toBe('defer');
    expect(receive(session, acknowledgement('alice', 'bob', 'fp-1'))).toBe('defer');
    expect(receive(session, echo)).toBe('answer-echo');
    expect(receive(session, logout('alice'))).toBe('close');
  });

  it('lets a user send and acknowledge once logged in', () => {
    const session = onlineSession();
    expect(session.state).toBe('online');
    expect([session.userId, session.info]).toEqual(['alice', alice]);
    expect(receive(session, keepAlive('alice'))).toBe('answer-keep-alive');
    expect(receive(session, message('alice', 'bob', 'hi', 'fp-1'))).toBe('route');
    expect(receive(session, acknowledgement('alice', 'bob', 'fp-1'))).toBe('take-acknowledgement');
    expect(receive(session, login('bob'))).toBe('authenticate');
  });

  it('refuses what is not in the user’s own name', () => {
    const session = onlineSession();
    expect(receive(session, message('bob', 'carol', 'hi', 'fp-1'))).toBe('refuse-spoofed-sender');
    expect(receive(session, acknowledgement('bob', 'carol', 'fp-1'))).toBe('refuse-spoofed-sender');
    expect(receive(session, message('', 'carol', 'hi', 'fp-1'))).toBe('refuse-spoofed-sender');
    expect(receive(session, message('-1', 'carol', 'hi', 'fp-1'))).toBe('route');
    expect(receive(session, wire({ type: 2, to: 'carol' }))).toBe('route');
  });

  it('goes on as it was when a login is ignored', () => {
    const stranger = new Session();
    receive(stranger, login('alice'));
    stranger.loginIgnored();
    expect(stranger.state).toBe('anonymous');
    const session = onlineSession();
    receive(session, login('alice'));
    session.loginIgnored();
    expect(session.state).toBe('online');
  });

  it('passes messages and logins over when the server takes no more, and nothing else', () => {
    const session = onlineSession();
    session.stopTaking();
    expect(receive(session, message('alice', 'bob', 'hi', 'fp-1'))).toBe('ignore');
    expect(receive(session, login('alice'))).toBe('ignore');
    expect(receive(session, acknowledgement('alice', 'bob', 'fp-1'))).toBe('take-acknowledgement');
    expect(receive(session, keepAlive('alice'))).toBe('answer-keep-alive');
    expect(session.state).toBe('online');
  });

  it('ignores everything once it is closed', () => {
    const session = onlineSession();
    expect(session.isOpen).toBe(true);
    session.close();
    expect(session.isOpen).toBe(false);
    for (const text of [login('alice'), keepAlive('alice'), echo, logout('alice')])
      expect(receive(session, text)).toBe('ignore');
  });

  it.each([6, 50, 51, 52, 53, 54, 99, -1])('ignores type %d', (type) => {
    expect(receive(new Session(), wire({ type }))).toBe('ignore');
    expect(receive(onlineSession(), wire({ type }))).toBe('ignore');
  });
});
