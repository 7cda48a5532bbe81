import { describe, expect, it } from 'vitest';
import { createStyle } from '../../src/terminal/style.js';

describe('createStyle', () => {
  it('colours on a terminal', () => {
    expect(createStyle({ isTTY: true }, {}).good('ok')).toBe('\u001b[32mok\u001b[0m');
  });

  it.each([
    ['in a pipe', {}, {}],
    ['with NO_COLOR', { isTTY: true }, { NO_COLOR: '1' }],
    ['on a dumb terminal', { isTTY: true }, { TERM: 'dumb' }],
  ])('does not colour %s', (_name, output, environment) => {
    const style = createStyle(output, environment);
    expect([style.good('a'), style.bad('b'), style.faint('c'), style.name('d')]).toEqual([
      'a',
      'b',
      'c',
      'd',
    ]);
  });

  it('ignores an empty NO_COLOR', () => {
    expect(createStyle({ isTTY: true }, { NO_COLOR: '' }).bad('x')).not.toBe('x');
  });
});
