import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { gatherOutput } from '../../src/serve/gathered-output.js';

describe('gatherOutput', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function gathering(isTTY: boolean) {
    const written: string[] = [];
    return { output: gatherOutput({ isTTY, write: (text: string) => written.push(text) }), written };
  }

  it('writes what came within a tenth of a second together, in order', () => {
    const { output, written } = gathering(false);
    output.write('a\n');
    vi.advanceTimersByTime(99);
    output.write('b\n');
    expect(written).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(written).toEqual(['a\nb\n']);
    output.write('c\n');
    vi.advanceTimersByTime(100);
    expect(written).toEqual(['a\nb\n', 'c\n']);
  });

  it('holds no more than 16 384 characters back', () => {
    const { output, written } = gathering(false);
    output.write('x'.repeat(16_383));
    expect(written).toEqual([]);
    output.write('y');
    expect(written).toEqual([`${'x'.repeat(16_383)}y`]);
    vi.advanceTimersByTime(1000);
    expect(written).toHaveLength(1);
  });

  it('writes what is left when it is asked to, once', () => {
    const { output, written } = gathering(false);
    output.write('a\n');
    output.flush?.();
    output.flush?.();
    vi.advanceTimersByTime(1000);
    expect(written).toEqual(['a\n']);
  });

  it('lets a terminal have each line at once', () => {
    const { output, written } = gathering(true);
    output.write('a\n');
    expect(written).toEqual(['a\n']);
  });
});
