import { describe, expect, it } from 'vitest';
import { Digest } from '../src/digest.js';
import { DuplicateWindow } from '../src/duplicate-window.js';

const limits = { rememberMs: 600_000, maxRemembered: 10 };

function handled(window: DuplicateWindow, fingerprint: string, now: number): void {
  window.begin(fingerprint, 'bob', 100);
  window.finish(fingerprint, 'bob', now);
}

describe('DuplicateWindow', () => {
  it('reports a message as new, in progress and done', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    expect(window.peek('a', 'bob')).toBe('new');
    window.begin('a', 'bob', 100);
    expect(window.peek('a', 'bob')).toBe('in-progress');
    window.finish('a', 'bob', 1);
    expect(window.peek('a', 'bob')).toBe('done');
  });

  it('changes nothing with peek', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    window.peek('a', 'bob');
    expect(window.peek('a', 'bob')).toBe('new');
  });

  it('reports a message as new again after release', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    window.begin('a', 'bob', 100);
    window.release('a', 'bob');
    expect(window.peek('a', 'bob')).toBe('new');
    expect(window.inProgress).toBe(0);
  });

  it('remembers a message for at least rememberMs', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    handled(window, 'a', 599_999);
    handled(window, 'b', 600_000);
    handled(window, 'c', 1_199_998);
    expect(window.peek('a', 'bob')).toBe('done');
  });

  it('forgets a message after at most twice rememberMs', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    handled(window, 'a', 0);
    handled(window, 'b', 600_000);
    handled(window, 'c', 1_200_000);
    expect(window.peek('a', 'bob')).toBe('new');
    expect(window.peek('b', 'bob')).toBe('done');
  });

  it('forgets everything after a long idle time', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    handled(window, 'a', 0);
    handled(window, 'b', 5_000_000);
    expect(window.peek('a', 'bob')).toBe('new');
  });

  it('never remembers more than maxRemembered and forgets the oldest first', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    for (let i = 0; i < 100; i++) {
      handled(window, `fp-${i}`, 1);
      expect(window.remembered).toBeLessThanOrEqual(10);
    }
    expect(window.peek('fp-99', 'bob')).toBe('done');
    expect(window.peek('fp-95', 'bob')).toBe('done');
    expect(window.peek('fp-0', 'bob')).toBe('new');
  });

  it('never forgets a message in progress', () => {
    const window = new DuplicateWindow(0, limits, new Digest());
    window.begin('slow', 'bob', 100);
    for (let i = 0; i < 100; i++) handled(window, `fp-${i}`, i * 600_000);
    expect(window.peek('slow', 'bob')).toBe('in-progress');
    expect(window.inProgress).toBe(1);
  });
});
