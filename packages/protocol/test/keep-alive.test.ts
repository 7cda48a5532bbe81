import { describe, expect, it } from 'vitest';
import { KeepAlive } from '../src/keep-alive.js';

const times = { keepAliveIntervalMs: 3000, clientTimeoutMs: 10_000 };

describe('KeepAlive', () => {
  it('has nothing due before the first interval has passed', () => {
    const keepAlive = new KeepAlive(times, 0);
    expect(keepAlive.nextDeadline).toBe(3000);
    expect(keepAlive.due(2999)).toBeUndefined();
  });

  it('requests a keep-alive after each interval', () => {
    const keepAlive = new KeepAlive(times, 0);
    expect(keepAlive.due(3000)).toBe('send');
    expect(keepAlive.due(3001)).toBeUndefined();
    expect(keepAlive.nextDeadline).toBe(6000);
    expect(keepAlive.due(6000)).toBe('send');
  });

  it('declares the link lost when the server has not answered within the timeout', () => {
    const keepAlive = new KeepAlive(times, 0);
    for (const now of [3000, 6000, 9000]) keepAlive.due(now);
    expect(keepAlive.nextDeadline).toBe(10_000);
    expect(keepAlive.due(9999)).toBeUndefined();
    expect(keepAlive.due(10_000)).toBe('link-lost');
  });

  it('restarts the timeout with each response', () => {
    const keepAlive = new KeepAlive(times, 0);
    for (const now of [3000, 6000, 9000]) {
      keepAlive.due(now);
      keepAlive.answered(now + 50);
    }
    expect(keepAlive.due(12_000)).toBe('send');
    for (const now of [15_000, 18_000]) keepAlive.due(now);
    expect(keepAlive.due(19_049)).toBeUndefined();
    expect(keepAlive.due(19_050)).toBe('link-lost');
  });

  it('requests a keep-alive first after a late wake-up', () => {
    const keepAlive = new KeepAlive(times, 0);
    expect(keepAlive.due(3_600_000)).toBe('send');
    expect(keepAlive.due(3_603_000)).toBe('send');
    expect(keepAlive.due(3_606_000)).toBe('send');
    expect(keepAlive.due(3_606_999)).toBeUndefined();
    expect(keepAlive.due(3_607_000)).toBe('link-lost');
  });

  it('keeps the link when the server answers after a late wake-up', () => {
    const keepAlive = new KeepAlive(times, 0);
    keepAlive.due(3_600_000);
    keepAlive.answered(3_600_020);
    keepAlive.due(3_603_000);
    keepAlive.due(3_606_000);
    expect(keepAlive.due(3_607_000)).toBeUndefined();
  });
});
