import { describe, expect, it } from 'vitest';
import { Digest } from '../src/digest.js';
import { type DuplicateKey, DuplicateWindow } from '../src/duplicate-window.js';

const limits = { rememberMs: 600_000, maxRemembered: 10 };

/** Begins a message and returns its key; fails if it is not new. */
function begun(window: DuplicateWindow, fingerprint: string, content = 1): DuplicateKey {
  const key = window.begin(fingerprint, 'bob', content, 100);
  if (typeof key === 'string') throw new Error(`${fingerprint} is ${key}`);
  return key;
}

function handled(window: DuplicateWindow, fingerprint: string, now: number): void {
  window.finish(begun(window, fingerprint), now);
}

describe('DuplicateWindow', () => {
  it('reports a message as new, in progress and done', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    expect(window.peek('a', 'bob', 1)).toBe('new');
    const key = begun(window, 'a');
    expect(window.peek('a', 'bob', 1)).toBe('in-progress');
    window.finish(key, 1);
    expect(window.peek('a', 'bob', 1)).toBe('done');
  });

  it('changes nothing with peek', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    window.peek('a', 'bob', 1);
    expect(window.peek('a', 'bob', 1)).toBe('new');
  });

  it('reports a message as new again after release', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    window.release(begun(window, 'a'));
    expect(window.peek('a', 'bob', 1)).toBe('new');
    expect(window.inProgress).toBe(0);
  });

  it('remembers a message for at least rememberMs', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    handled(window, 'a', 599_999);
    handled(window, 'b', 600_000);
    handled(window, 'c', 1_199_998);
    expect(window.peek('a', 'bob', 1)).toBe('done');
  });

  it('forgets a message after at most twice rememberMs', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    handled(window, 'a', 0);
    handled(window, 'b', 600_000);
    handled(window, 'c', 1_200_000);
    expect(window.peek('a', 'bob', 1)).toBe('new');
    expect(window.peek('b', 'bob', 1)).toBe('done');
  });

  it('forgets everything after a long idle time', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    handled(window, 'a', 0);
    handled(window, 'b', 5_000_000);
    expect(window.peek('a', 'bob', 1)).toBe('new');
  });

  it('never remembers more than maxRemembered and forgets the oldest first', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    for (let i = 0; i < 100; i++) {
      handled(window, `fp-${i}`, 1);
      expect(window.remembered).toBeLessThanOrEqual(10);
    }
    expect(window.peek('fp-99', 'bob', 1)).toBe('done');
    expect(window.peek('fp-95', 'bob', 1)).toBe('done');
    expect(window.peek('fp-0', 'bob', 1)).toBe('new');
  });

  it('never forgets a message in progress', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    begun(window, 'slow');
    for (let i = 0; i < 100; i++) handled(window, `fp-${i}`, i * 600_000);
    expect(window.peek('slow', 'bob', 1)).toBe('in-progress');
    expect(window.inProgress).toBe(1);
  });

  it('takes the same fingerprint with another content for a new message, and says so', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    const first = begun(window, '1', 7);
    expect(first.isReused).toBe(false);
    window.finish(first, 1);
    expect(window.begin('1', 'bob', 7, 100)).toBe('done');
    const second = begun(window, '1', 8);
    expect(second.isReused).toBe(true);
    expect(window.begin('1', 'bob', 8, 100)).toBe('in-progress');
    window.finish(second, 2);
    expect(window.begin('1', 'bob', 8, 100)).toBe('done');
    expect(window.peek('1', 'carol', 8)).toBe('new');
  });

  it('keeps two contents of one fingerprint apart while both are in progress', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    const [first, second] = [begun(window, '1', 7), begun(window, '1', 8)];
    expect(second.isReused).toBe(true);
    expect(window.inProgress).toBe(2);
    window.release(first);
    expect(window.peek('1', 'bob', 7)).toBe('new');
    expect(window.peek('1', 'bob', 8)).toBe('in-progress');
    window.finish(second, 1);
    expect(window.inProgress).toBe(0);
  });

  it('remembers one entry for a fingerprint, however often it is used again', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    for (let content = 1; content <= 1000; content++) window.finish(begun(window, '1', content), 1);
    expect(window.remembered).toBe(1);
    expect(window.peek('1', 'bob', 1000)).toBe('done');
  });

  it('recognizes a reused fingerprint across a turn of the generations', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    window.finish(begun(window, '1', 7), 0);
    handled(window, 'b', 600_000);
    expect(begun(window, '1', 8).isReused).toBe(true);
    expect(window.begin('1', 'bob', 7, 100)).toBe('done');
  });
});
