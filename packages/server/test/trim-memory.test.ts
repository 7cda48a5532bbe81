import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type TrimMemoryOptions, trimMemory } from '../src/process-memory/trim-memory.js';

describe('trimMemory', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
  afterEach(() => void vi.useRealTimers());

  it('looks at the process until it is ended', () => {
    const end = trimMemory();
    expect(vi.getTimerCount()).toBe(1);
    end();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes no option that it does not know', () => {
    expect(() => trimMemory({ loger: console } as TrimMemoryOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining('loger') }),
    );
    expect(vi.getTimerCount()).toBe(0);
  });
});
