import { describe, expect, it } from 'vitest';
import { align } from '../../src/conformance/alignment.js';

const items = (keys: string) => [...keys].map((key) => ({ key }));
const show = (expected: string, found: string) =>
  align(items(expected), items(found)).map((pair) => `${pair.expected?.key ?? '-'}${pair.found?.key ?? '-'}`);

describe('align', () => {
  it('pairs the elements of equal sequences', () => {
    expect(show('abc', 'abc')).toEqual(['aa', 'bb', 'cc']);
  });

  it('leaves a gap for an element of only one side', () => {
    expect(show('abc', 'ac')).toEqual(['aa', 'b-', 'cc']);
    expect(show('ac', 'abc')).toEqual(['aa', '-b', 'cc']);
  });

  it('reports one of two swapped elements as missing and as additional', () => {
    expect(show('ab', 'ba')).toEqual(['a-', 'bb', '-a']);
  });

  it('finds as many pairs as possible', () => {
    expect(show('xaby', 'abz').filter((pair) => pair[0] === pair[1])).toEqual(['aa', 'bb']);
  });

  it('accepts empty sequences', () => {
    expect(show('', '')).toEqual([]);
    expect(show('a', '')).toEqual(['a-']);
  });
});
