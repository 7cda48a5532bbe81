import { describe, expect, it } from 'vitest';
import { printableText } from '../../src/terminal/printable-text.js';

describe('printableText', () => {
  it('keeps text, line feeds and emoji', () => {
    expect(printableText('hello 你好\n👩‍👩‍👧')).toBe('hello 你好\n👩‍👩‍👧');
  });

  it('escapes control characters and characters that change the text direction', () => {
    expect(printableText('\u001b[2Jgone\u0007\u202e')).toBe('\\u001b[2Jgone\\u0007\\u202e');
  });

  it('turns other line ends into line feeds, and tabs into spaces', () => {
    expect(printableText('a\r\nb\rc\td')).toBe('a\nb\nc    d');
  });
});
