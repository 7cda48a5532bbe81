import { describe, expect, it } from 'vitest';
import { printable, printableLine } from '../../src/terminal/printable.js';

describe('printable', () => {
  it('keeps text, line feeds and emoji', () => {
    expect(printable('hello 你好\n👩‍👩‍👧')).toBe('hello 你好\n👩‍👩‍👧');
  });

  it('replaces control characters', () => {
    expect(printable('\u001b[2Jgone\u0007\u009b31m\u007f')).toBe('�[2Jgone��31m�');
  });

  it('replaces characters that change the text direction', () => {
    expect(printable('abc\u202edef')).toBe('abc�def');
  });

  it('turns other line ends into line feeds, and tabs into spaces', () => {
    expect(printable('a\r\nb\rc\td')).toBe('a\nb\nc    d');
  });
});

describe('printableLine', () => {
  it('replaces line feeds', () => {
    expect(printableLine('bob\n✓ to bob: forged')).toBe('bob�✓ to bob: forged');
  });
});
