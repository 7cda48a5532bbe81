import { describe, expect, it } from 'vitest';
import { DuplicateWindow } from '../src/duplicate-window.js';

const limits = { rememberMs: 600_000, maxRemembered: 10 };

function handled(window: DuplicateWindow, fingerprint: string, now: number): void {
  window.begin(fingerprint);
  window.finish(fingerprint, now);
}

describe('DuplicateWindow', () => {
  it('follows a fingerprint from new over in progress to done', () => {
    const window = new DuplicateWindow(0, limits);
    expect(window.look('a')).toBe('new');
    window.begin('a');
    expect(window.look('a')).toBe('in-progress');
    window.finish('a', 1);
    expect(window.look('a')).toBe('done');
  });

  it('changes nothing by looking', () => {
    const window = new DuplicateWindow(0, limits);
    window.look('a');
    expect(window.look('a')).toBe('new');
  });

  it('counts a refused fingerprint as new again', () => {
    const window = new DuplicateWindow(0, limits);
    window.begin('a');
    window.refuse('a');
    expect(window.look('a')).toBe('new');
    expect(window.inProgress).toBe(0);
  });

  it('remembers for the whole time at least', () => {
    const window = new DuplicateWindow(0, limits);
    handled(window, 'a', 599_999);
    handled(window, 'b', 600_000);
    handled(window, 'c', 1_199_998);
    expect(window.look('a')).toBe('done');
  });

  it('forgets after two times as long at the latest', () => {
    const window = new DuplicateWindow(0, limits);
    handled(window, 'a', 0);
    handled(window, 'b', 600_000);
    handled(window, 'c', 1_200_000);
    expect(window.look('a')).toBe('new');
    expect(window.look('b')).toBe('done');
  });

  it('forgets everything after a long silence', () => {
    const window = new DuplicateWindow(0, limits);
    handled(window, 'a', 0);
    handled(window, 'b', 5_000_000);
    expect(window.look('a')).toBe('new');
  });

  it('never remembers more than its limit and forgets the oldest first', () => {
    const window = new DuplicateWindow(0, limits);
    for (let i = 0; i < 100; i++) {
      handled(window, `fp-${i}`, 1);
      expect(window.remembered).toBeLessThanOrEqual(10);
    }
    expect(window.look('fp-99')).toBe('done');
    expect(window.look('fp-95')).toBe('done');
    expect(window.look('fp-0')).toBe('new');
  });

  it('never forgets what is in progress', () => {
    const window = new DuplicateWindow(0, limits);
    window.begin('slow');
    for (let i = 0; i < 100; i++) handled(window, `fp-${i}`, i * 600_000);
    expect(window.look('slow')).toBe('in-progress');
    expect(window.inProgress).toBe(1);
  });

  it('is stale when all that it holds could be forgotten', () => {
    const window = new DuplicateWindow(0, limits);
    handled(window, 'a', 0);
    expect(window.isStale(1_199_999)).toBe(false);
    expect(window.isStale(1_200_000)).toBe(true);
  });

  it('is not stale while something is in progress', () => {
    const window = new DuplicateWindow(0, limits);
    window.begin('a');
    expect(window.isStale(9_999_999)).toBe(false);
  });
});
