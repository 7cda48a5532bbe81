import { describe, expect, it } from 'vitest';
import { align } from '../../src/conformance/alignment.js';

const items = (keys: string) => [...keys].map((key) => ({ key }));
const show = (expected: string, found: string) =>
  align(items(expected), items(found)).map((pair) => `${pair.expected?.key ?? '-'}${pair.found?.key ?? '-'}`);

describe('align', () => {
  it('lays equal sequences side by side', () => {
    expect(show('abc', 'abc')).toEqual(['aa', 'bb', 'cc']);
  });

  it('leaves a gap for what only one side has', () => {
    expect(show('abc', 'ac')).toEqual(['aa', 'b-', 'cc']);
    expect(show('ac', 'abc')).toEqual(['aa', '-b', 'cc']);
  });

  it('shows one element of two that changed places as missing and as found elsewhere', () => {
    expect(show('ab', 'ba')).toEqual(['a-', 'bb', '-a']);
  });

  it('keeps as many pairs as it can', () => {
    expect(show('xaby', 'abz').filter((pair) => pair[0] === pair[1])).toEqual(['aa', 'bb']);
  });

  it('takes empty sequences', () => {
    expect(show('', '')).toEqual([]);
    expect(show('a', '')).toEqual(['a-']);
  });
});
