import { describe, expect, it } from 'vitest';
import { CHINESE } from '../../page/text/chinese.js';
import { ENGLISH } from '../../page/text/english.js';
import { languageFor } from '../../page/text/texts-of.js';

/** All texts by path; functions are called with sample values. */
function flatten(value: unknown, path: string): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') {
    const sample = path.endsWith('problem') ? { code: 'rejected', serverCode: 7 } : 'x1';
    return [[path, String(value(sample, 'y2'))]];
  }
  return Object.entries(value as object).flatMap(([name, inner]) => flatten(inner, `${path}.${name}`));
}

describe('the texts', () => {
  const english = flatten(ENGLISH, '');
  const chinese = new Map(flatten(CHINESE, ''));

  it('exist in both languages', () => {
    expect(english.length).toBeGreaterThan(90);
    for (const [path, text] of english) {
      expect(`${path}: ${text}`).not.toMatch(/^[^ ]+: $|undefined/);
      expect(`${path}: ${chinese.get(path)}`).not.toMatch(/^[^ ]+: $|undefined/);
    }
  });

  it('are translated', () => {
    const same = english.filter(([path, text]) => chinese.get(path) === text).map(([path]) => path);
    expect(same).toEqual(['.product']);
  });

  it('use the punctuation of their language', () => {
    const wrong = [...chinese].filter(([, text]) => /[\u4e00-\u9fff][,.!?:;()]/.test(text));
    expect(wrong).toEqual([]);
    expect(english.filter(([, text]) => /[，。！？：；（）\u4e00-\u9fff]/.test(text))).toEqual([]);
  });
});

describe('languageFor', () => {
  it.each([
    [['zh-CN', 'en'], 'zh'],
    [['zh-Hant-TW'], 'zh'],
    [['en-GB', 'zh'], 'en'],
    [['de', 'zh-CN', 'en'], 'zh'],
    [['de-DE'], 'en'],
    [[], 'en'],
  ])('selects from %j: %s', (preferred, language) => {
    expect(languageFor(preferred)).toBe(language);
  });
});
