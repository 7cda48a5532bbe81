import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type TrimMemoryOptions, trimMemory } from '../../src/process-memory/trim-memory.js';

describe('trimMemory', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
  afterEach(() => void vi.useRealTimers());

  it('samples the process until it is stopped', () => {
    const stop = trimMemory();
    expect(vi.getTimerCount()).toBe(1);
    stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rejects an unknown option', () => {
    expect(() => trimMemory({ loger: console } as TrimMemoryOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining('loger') }),
    );
    expect(vi.getTimerCount()).toBe(0);
  });
});
