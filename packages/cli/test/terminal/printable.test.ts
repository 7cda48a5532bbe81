import { describe, expect, it } from 'vitest';
import { printable, printableLine } from '../../src/terminal/printable.js';

describe('printable', () => {
  it('leaves text, line feeds and emoji alone', () => {
    expect(printable('hello 你好\n👩‍👩‍👧')).toBe('hello 你好\n👩‍👩‍👧');
  });

  it('takes the power over the terminal from what strangers send', () => {
    expect(printable('\u001b[2Jgone\u0007\u009b31m\u007f')).toBe('�[2Jgone��31m�');
  });

  it('takes the direction of writing from them too', () => {
    expect(printable('abc\u202edef')).toBe('abc�def');
  });

  it('makes one line feed of other line ends, and blanks of a tab', () => {
    expect(printable('a\r\nb\rc\td')).toBe('a\nb\nc    d');
  });
});

describe('printableLine', () => {
  it('leaves no line feed in a name', () => {
    expect(printableLine('bob\n✓ to bob: forged')).toBe('bob�✓ to bob: forged');
  });
});
