import { Digest } from '@imcore/protocol';
import { VirtualClock } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { DeadlineQueue } from '../src/scheduling/deadline-queue.js';
import { Directory } from '../src/sessions/directory.js';

const REMEMBER_MS = 600_000;

function setUp() {
  const clock = new VirtualClock();
  const parts = { digest: new Digest(), stamp: undefined, onForgotten: () => {}, maxRememberedAway: 1000 };
  return { clock, directory: new Directory(clock, new DeadlineQueue(clock), REMEMBER_MS, parts) };
}

describe('Directory', () => {
  it('knows nobody who has not entered', () => {
    expect(setUp().directory.find('alice')).toBeUndefined();
  });

  it('gives a user the same record each time', () => {
    const { directory } = setUp();
    const alice = directory.enter('alice');
    expect(directory.enter('alice')).toBe(alice);
    expect(directory.find('alice')).toBe(alice);
    expect(directory.enter('bob')).not.toBe(alice);
  });

  it('forgets a user who has left after as long as fingerprints are remembered', () => {
    const { clock, directory } = setUp();
    const alice = directory.enter('alice');
    directory.left(alice);
    clock.advance(REMEMBER_MS - 1);
    expect(directory.find('alice')).toBe(alice);
    clock.advance(1);
    expect(directory.find('alice')).toBeUndefined();
  });

  it('forgets nobody who has come back', () => {
    const { clock, directory } = setUp();
    const alice = directory.enter('alice');
    directory.left(alice);
    clock.advance(1000);
    directory.enter('alice');
    clock.advance(10 * REMEMBER_MS);
    expect(directory.find('alice')).toBe(alice);
    expect(clock.pending).toBe(0);
  });

  it('lists those who have a session', () => {
    const { directory } = setUp();
    directory.enter('alice');
    expect([...directory.online()]).toEqual([]);
  });
});
