import { describe, expect, it } from 'vitest';
import { NEVER } from '../src/clock.js';
import { RetransmissionWindow } from '../src/retransmission-window.js';

const policy = { waitMs: 5000, retries: 2 };

describe('RetransmissionWindow', () => {
  it('has no deadline while it is empty', () => {
    const window = new RetransmissionWindow(policy);
    expect(window.nextDeadline).toBe(NEVER);
    expect(window.collectDue(1_000_000)).toEqual({ retransmit: [], abandoned: [] });
  });

  it('returns an item only when its wait is over', () => {
    const window = new RetransmissionWindow(policy);
    window.add('a', 100);
    expect(window.nextDeadline).toBe(5100);
    expect(window.collectDue(5099).retransmit).toEqual([]);
    expect(window.collectDue(5100).retransmit).toEqual(['a']);
  });

  it('abandons an item one wait after its last retransmission', () => {
    const window = new RetransmissionWindow(policy);
    window.add('a', 0);
    expect(window.collectDue(5000)).toEqual({ retransmit: ['a'], abandoned: [] });
    expect(window.collectDue(10_000)).toEqual({ retransmit: ['a'], abandoned: [] });
    expect(window.collectDue(14_999)).toEqual({ retransmit: [], abandoned: [] });
    expect(window.collectDue(15_000)).toEqual({ retransmit: [], abandoned: ['a'] });
    expect(window.nextDeadline).toBe(NEVER);
  });

  it('starts the next wait when an item is collected, not when it was due', () => {
    const window = new RetransmissionWindow(policy);
    window.add('a', 0);
    window.collectDue(9000);
    expect(window.nextDeadline).toBe(14_000);
  });

  it('abandons an item after the first wait if there are no retries', () => {
    const window = new RetransmissionWindow({ waitMs: 10, retries: 0 });
    window.add('a', 0);
    expect(window.collectDue(10)).toEqual({ retransmit: [], abandoned: ['a'] });
  });

  it('forgets an item that is removed, and ignores one that is not in it', () => {
    const window = new RetransmissionWindow(policy);
    window.add('a', 40);
    window.collectDue(5040);
    window.remove('b');
    window.remove('a');
    window.remove('a');
    expect(window.nextDeadline).toBe(NEVER);
    expect(window.collectDue(1_000_000)).toEqual({ retransmit: [], abandoned: [] });
  });

  it('collects only due items, oldest first, after any number of attempts', () => {
    const window = new RetransmissionWindow(policy);
    window.add('a', 0);
    window.add('b', 1000);
    window.collectDue(5000);
    window.add('c', 5500);
    expect(window.nextDeadline).toBe(6000);
    expect(window.collectDue(6000).retransmit).toEqual(['b']);
    expect(window.nextDeadline).toBe(10_000);
    expect(window.collectDue(11_000).retransmit).toEqual(['a', 'c', 'b']);
  });
});
