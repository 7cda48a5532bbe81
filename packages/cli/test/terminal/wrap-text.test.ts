import { describe, expect, it } from 'vitest';
import { wrapText } from '../../src/terminal/wrap-text.js';

const red = (text: string) => `\u001b[31m${text}\u001b[0m`;

describe('wrapText', () => {
  it('keeps a text that fits on one row', () => {
    expect(wrapText('12345', 5)).toEqual(['12345']);
  });

  it('starts a new row where the columns end', () => {
    expect(wrapText('1234567', 3)).toEqual(['123', '456', '7']);
  });

  it('moves a wide character that does not fit to the next row', () => {
    expect(wrapText('a你好b', 4)).toEqual(['a你', '好b']);
  });

  it('never splits a character', () => {
    expect(wrapText('👩‍👩‍👧👩‍👩‍👧', 3)).toEqual(['👩‍👩‍👧', '👩‍👩‍👧']);
  });

  it('starts a new row at a line feed', () => {
    expect(wrapText('a\n\nb', 10)).toEqual(['a', '', 'b']);
  });

  it('returns one row for an empty text', () => {
    expect(wrapText('', 10)).toEqual(['']);
  });

  it('does not count colours as columns', () => {
    expect(wrapText(red('12345'), 5)).toEqual([red('12345')]);
    expect(wrapText(red('123456'), 5)).toEqual(['\u001b[31m12345', '6\u001b[0m']);
  });

  it('handles a terminal narrower than a character', () => {
    expect(wrapText('你好', 1)).toEqual(['你', '好']);
  });
});
