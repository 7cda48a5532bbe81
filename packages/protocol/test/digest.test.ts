import { describe, expect, it } from 'vitest';
import { Digest } from '../src/digest.js';

function textOf(first: string, second: string): string {
  const { a, b, c, d } = new Digest().of(first, second);
  return `${a},${b},${c},${d}`;
}

describe('Digest', () => {
  it('is the same for the same pair, independent of earlier use', () => {
    const digest = new Digest();
    digest.of('something', 'else');
    const { a, b, c, d } = digest.of('fp-1', 'bob');
    expect(`${a},${b},${c},${d}`).toBe(textOf('fp-1', 'bob'));
  });

  it('differs for pairs that are equal when joined, swapped or padded', () => {
    const pairs = [
      ['ab', 'c'],
      ['a', 'bc'],
      ['abc', ''],
      ['', 'abc'],
      ['c', 'ab'],
      ['ab\0', 'c'],
      ['ab', '\0c'],
      ['ab', 'c\0'],
      ['ab\u0002', 'c'],
      ['ab', 'c\u0001'],
    ] as const;
    expect(new Set(pairs.map(([first, second]) => textOf(first, second))).size).toBe(pairs.length);
  });

  it('changes half of the bits of each word when one input bit changes', () => {
    const words = [0, 0, 0, 0];
    const samples = 2000;
    for (let n = 0; n < samples; n++) {
      const one = textOf(`0f8fad5b-d9cb-469f-a165-${n}`, 'bob').split(',').map(Number);
      const other = textOf(`0f8fad5b-d9cb-469f-a164-${n}`, 'bob').split(',').map(Number);
      for (const [word, value] of one.entries())
        words[word] = (words[word] ?? 0) + bits(value ^ (other[word] ?? 0));
    }
    for (const word of words) expect(word / samples / 32).toBeCloseTo(0.5, 1);
  });

  it('has no collision in any pair of words among numbered fingerprints', () => {
    const seen = [new Set<string>(), new Set<string>()];
    for (let n = 0; n < 200_000; n++) {
      const [a, b, c, d] = textOf(String(n), 'bob').split(',');
      seen[0]?.add(`${a},${b}`);
      seen[1]?.add(`${c},${d}`);
    }
    expect(seen.map(({ size }) => size)).toEqual([200_000, 200_000]);
  });
});

function bits(value: number): number {
  let count = 0;
  for (let left = value; left !== 0; left &= left - 1) count += 1;
  return count;
}
