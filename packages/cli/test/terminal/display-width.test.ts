import { describe, expect, it } from 'vitest';
import { displayWidth, graphemesOf } from '../../src/terminal/display-width.js';

describe('displayWidth', () => {
  it.each([
    ['', 0],
    ['hello', 5],
    ['你好', 4],
    ['，。（）', 8],
    ['かなカナ', 8],
    ['한국', 4],
    ['ＡＢ', 4],
    ['😀', 2],
    ['👩‍👩‍👧', 2],
    ['👍🏽', 2],
    ['🇨🇳', 2],
    ['❤️', 2],
    ['❤', 1],
    ['é', 1],
    ['e\u0301', 1],
    ['✓ …', 3],
    ['\u200b', 0],
    ['𠮷', 2],
    ['1#*', 3],
  ])('gives %j %i columns', (text, columns) => {
    expect(displayWidth(text)).toBe(columns);
  });
});

describe('graphemesOf', () => {
  it('splits a text into user-perceived characters', () => {
    expect(graphemesOf('e\u0301👍🏽你')).toEqual(['e\u0301', '👍🏽', '你']);
  });
});
