import { describe, expect, it } from 'vitest';
import { UserRegistry } from '../src/users/user-registry.js';
import { createRuntime } from './support/runtime.js';

const REMEMBER_MS = 600_000;

function setUp(maxRememberedAway?: number, maxAway?: number) {
  const runtime = createRuntime();
  const { clock, metrics, events } = runtime;
  const limited: object[] = [];
  events.on('limited', (event) => limited.push(event));
  const users = new UserRegistry(runtime, maxRememberedAway, maxAway);
  /** A user who has sent so many messages and has left. */
  const leaves = (userId: string, messages = 0) => {
    const user = users.enter(userId);
    for (let at = 0; at < messages; at++) {
      const key = user.duplicates(clock.now()).begin(`${userId}-${at}`, 'bob', 1, 10_000);
      if (typeof key === 'object') user.handled(key, clock.now());
    }
    users.left(user, user.device(''));
    return user;
  };
  return { clock, metrics, users, leaves, limited };
}

describe('UserRegistry', () => {
  it('does not find a user who has not entered', () => {
    expect(setUp().users.find('alice')).toBeUndefined();
  });

  it('returns the same record for a user each time', () => {
    const { users } = setUp();
    const alice = users.enter('alice');
    expect(users.enter('alice')).toBe(alice);
    expect(users.find('alice')).toBe(alice);
    expect(users.enter('bob')).not.toBe(alice);
  });

  it('forgets the user who has been offline longest if there are too many', () => {
    const { clock, users, leaves, limited } = setUp(undefined, 2);
    for (const userId of ['alice', 'bob', 'carol']) leaves(userId);
    expect(['alice', 'bob', 'carol'].map((id) => users.find(id) !== undefined)).toEqual([false, true, true]);
    expect(limited).toEqual([]);
    users.enter('bob');
    leaves('dave', 1);
    leaves('erin');
    leaves('frank');
    expect(limited).toMatchObject([{ limit: 'rememberedFingerprints', value: 2, userId: 'dave' }]);
    expect(users.find('bob')).toBeDefined();
    clock.advance(REMEMBER_MS);
    expect(users.find('frank')).toBeUndefined();
  });

  it('forgets a user who has left when fingerprints are forgotten', () => {
    const { clock, users, leaves } = setUp();
    const alice = leaves('alice');
    clock.advance(REMEMBER_MS - 1);
    expect(users.find('alice')).toBe(alice);
    clock.advance(1);
    expect(users.find('alice')).toBeUndefined();
  });

  it('does not forget a user who has come back', () => {
    const { clock, users, leaves } = setUp();
    const alice = leaves('alice');
    clock.advance(1000);
    users.enter('alice').primary = alice.device('');
    clock.advance(10 * REMEMBER_MS);
    expect(users.find('alice')).toBe(alice);
    expect(clock.pending).toBe(0);
  });

  it('lists those who have a session', () => {
    const { users } = setUp();
    users.enter('alice');
    expect([...users.online()]).toEqual([]);
    users.enter('bob').primary = users.enter('bob').device('');
    expect([...users.online()].map(({ id }) => id)).toEqual(['bob']);
  });

  it('forgets the longest offline first when too many fingerprints of offline users are remembered', () => {
    const { users, leaves, metrics, limited } = setUp(5);
    leaves('alice', 3);
    leaves('bob');
    leaves('carol', 2);
    expect(metrics.limitRemembered).toBe(0);
    leaves('dave', 1);
    expect(['alice', 'bob', 'carol', 'dave'].filter((id) => users.find(id) !== undefined)).toEqual([
      'bob',
      'carol',
      'dave',
    ]);
    expect(metrics.limitRemembered).toBe(1);
    expect(limited).toEqual([
      { limit: 'rememberedFingerprints', value: 5, remoteAddress: '', userId: 'alice' },
    ]);
  });

  it('forgets a named device with its session, and keeps the v6 device', () => {
    const { users } = setUp();
    const alice = users.enter('alice');
    const tablet = alice.device('tablet');
    expect(alice.findDevice('tablet')).toBe(tablet);
    users.left(alice, tablet);
    expect(alice.findDevice('tablet')).toBeUndefined();
    expect(alice.named).toBeUndefined();
    expect(alice.findDevice('')).toBe(alice.device(''));
  });
});
