import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { gatherOutput } from '../../src/serve/gathered-output.js';

describe('gatherOutput', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
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

  it('writes whole lines, 4096 bytes at once', () => {
    const { output, written } = gathering(false);
    const line = `${'é'.repeat(600)}\n`;
    for (let i = 0; i < 4; i++) output.write(line);
    expect(written).toEqual([line.repeat(3)]);
    output.write('x'.repeat(5000));
    expect(written).toEqual([line.repeat(3), line, 'x'.repeat(5000)]);
    vi.advanceTimersByTime(1000);
    expect(written).toHaveLength(3);
  });

  it('writes in time although the process is too busy for timers', () => {
    let now = 0;
    const written: string[] = [];
    const output = gatherOutput({ write: (text: string) => written.push(text) }, () => now);
    output.write('a\n');
    now = 99;
    output.write('b\n');
    expect(written).toEqual([]);
    now = 100;
    output.write('c\n');
    expect(written).toEqual(['a\nb\nc\n']);
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
