import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bufferOutput } from '../../src/serve/buffered-output.js';

describe('bufferOutput', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  function gathering(isTTY: boolean) {
    const written: string[] = [];
    return { output: bufferOutput({ isTTY, write: (text: string) => written.push(text) }), written };
  }

  it('combines lines of a tenth of a second, in order', () => {
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

  it('writes whole lines, at most 4096 bytes at once', () => {
    const { output, written } = gathering(false);
    const line = `${'é'.repeat(600)}\n`;
    for (let i = 0; i < 4; i++) output.write(line);
    expect(written).toEqual([line.repeat(3)]);
    output.write('x'.repeat(5000));
    expect(written).toEqual([line.repeat(3), line, 'x'.repeat(5000)]);
    vi.advanceTimersByTime(1000);
    expect(written).toHaveLength(3);
  });

  it('writes in time when the process is too busy for timers', () => {
    let now = 0;
    const written: string[] = [];
    const output = bufferOutput({ write: (text: string) => written.push(text) }, () => now);
    output.write('a\n');
    now = 99;
    output.write('b\n');
    expect(written).toEqual([]);
    now = 100;
    output.write('c\n');
    expect(written).toEqual(['a\nb\nc\n']);
  });

  it('writes the buffer once when it is flushed', () => {
    const { output, written } = gathering(false);
    output.write('a\n');
    output.flush?.();
    output.flush?.();
    vi.advanceTimersByTime(1000);
    expect(written).toEqual(['a\n']);
  });

  it('does not buffer for a terminal', () => {
    const { output, written } = gathering(true);
    output.write('a\n');
    expect(written).toEqual(['a\n']);
  });
});
