import { decodeFrameBody } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import type { PacketRule } from '../src/ports/packet-handler.js';
import { type Admission, Session } from '../src/sessions/session.js';
import { acknowledgement, keepAlive, login, logout, message, wire } from './support/wire.js';

/** The rules of the server's own handlers. */
const RULES: Readonly<Record<number, PacketRule>> = {
  0: { allowed: 'anyone', isWork: true },
  1: { allowed: 'logged-in', isWork: false },
  2: { allowed: 'in-own-name', isWork: true },
  3: { allowed: 'anyone', isWork: false },
  4: { allowed: 'in-own-name', isWork: false },
  5: { allowed: 'anyone', isWork: false },
};

function receive(session: Session, text: string): Admission {
  const packet = decodeFrameBody(text);
  const rule = RULES[packet.type];
  if (rule === undefined) throw new Error(`there is no rule for type ${packet.type}`);
  return session.admit(packet, rule);
}

function onlineSession(): Session {
  const session = new Session();
  session.loginStarted();
  session.loginAccepted('alice');
  return session;
}

const echo = wire({ type: 5 });

describe('Session', () => {
  it('allows login, echo and logout before the login, and nothing else', () => {
    const effect = (text: string) => receive(new Session(), text);
    expect(effect(login('alice'))).toBe('handle');
    expect(effect(echo)).toBe('handle');
    expect(effect(logout('alice'))).toBe('handle');
    expect(effect(keepAlive('alice'))).toBe('not-logged-in');
    expect(effect(message('alice', 'bob', 'hi', 'fp-1'))).toBe('not-logged-in');
    expect(effect(acknowledgement('alice', 'bob', 'fp-1'))).toBe('not-logged-in');
  });

  it('defers everything but echo and logout while a login is decided', () => {
    const session = new Session();
    session.loginStarted();
    expect(session.state).toBe('authenticating');
    expect(receive(session, login('alice'))).toBe('defer');
    expect(receive(session, keepAlive('alice'))).toBe('defer');
    expect(receive(session, message('alice', 'bob', 'hi', 'fp-1'))).toBe('defer');
    expect(receive(session, acknowledgement('alice', 'bob', 'fp-1'))).toBe('defer');
    expect(receive(session, echo)).toBe('handle');
    expect(receive(session, logout('alice'))).toBe('handle');
  });

  it('allows messages and acknowledgements after the login', () => {
    const session = onlineSession();
    expect(session.state).toBe('online');
    expect(session.userId).toBe('alice');
    expect(receive(session, keepAlive('alice'))).toBe('handle');
    expect(receive(session, message('alice', 'bob', 'hi', 'fp-1'))).toBe('handle');
    expect(receive(session, acknowledgement('alice', 'bob', 'fp-1'))).toBe('handle');
    expect(receive(session, login('bob'))).toBe('handle');
  });

  it('rejects packets that are not in the user’s own name', () => {
    const session = onlineSession();
    expect(receive(session, message('bob', 'carol', 'hi', 'fp-1'))).toBe('spoofed-sender');
    expect(receive(session, acknowledgement('bob', 'carol', 'fp-1'))).toBe('spoofed-sender');
    expect(receive(session, message('', 'carol', 'hi', 'fp-1'))).toBe('spoofed-sender');
    expect(receive(session, message('-1', 'carol', 'hi', 'fp-1'))).toBe('handle');
    expect(receive(session, wire({ type: 2, to: 'carol' }))).toBe('handle');
  });

  it('keeps its state when a login is ignored', () => {
    const anonymous = new Session();
    anonymous.loginStarted();
    anonymous.loginIgnored();
    expect(anonymous.state).toBe('anonymous');
    const session = onlineSession();
    session.loginStarted();
    session.loginIgnored();
    expect(session.state).toBe('online');
  });

  it('ignores messages and logins once the server is closing, and nothing else', () => {
    const session = onlineSession();
    session.stopAcceptingWork();
    expect(receive(session, message('alice', 'bob', 'hi', 'fp-1'))).toBe('ignore');
    expect(receive(session, login('alice'))).toBe('ignore');
    expect(receive(session, acknowledgement('alice', 'bob', 'fp-1'))).toBe('handle');
    expect(receive(session, keepAlive('alice'))).toBe('handle');
    expect(session.state).toBe('online');
  });

  it('ignores everything once it is closed', () => {
    const session = onlineSession();
    expect(session.state).toBe('online');
    session.close();
    expect(session.state).toBe('closed');
    for (const text of [login('alice'), keepAlive('alice'), echo, logout('alice')])
      expect(receive(session, text)).toBe('ignore');
  });
});
