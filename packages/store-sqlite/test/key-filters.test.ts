import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FILTER_KEYS, KeyFilters } from '../src/key-filters.js';

const keyOf = (text: string) => hash('sha256', text, 'buffer').subarray(0, 16);

describe('KeyFilters', () => {
  it('find the generation of every key, in more than one group', () => {
    const filters = new KeyFilters();
    for (let generation = 0; generation < 70; generation++) {
      filters.begin(generation);
      for (let key = 0; key < 20; key++) filters.add(generation, keyOf(`${generation}:${key}`));
    }
    for (let generation = 0; generation < 70; generation++) {
      for (let key = 0; key < 20; key++) {
        expect(filters.candidates(keyOf(`${generation}:${key}`))).toContain(generation);
      }
    }
    expect(filters.generations()).toHaveLength(70);
  });

  it('find no generation for almost every unknown key, although one is full', () => {
    const filters = new KeyFilters();
    filters.begin(31);
    for (let key = 0; key < FILTER_KEYS; key++) filters.add(31, keyOf(`known ${key}`));
    const strangers = Array.from({ length: 4000 }, (_, key) => filters.candidates(keyOf(`unknown ${key}`)));
    const mistaken = strangers.filter((generations) => generations.length > 0).length;
    expect(mistaken).toBeGreaterThan(0);
    expect(mistaken).toBeLessThan(40);
  });

  it('are the same when they are restored from saved bits into another slot', () => {
    const filters = new KeyFilters();
    filters.begin(7);
    for (let key = 0; key < 500; key++) filters.add(7, keyOf(`${key}`));
    const again = new KeyFilters();
    for (let generation = 0; generation < 33; generation++) again.begin(100 + generation);
    again.begin(7, filters.bitsOf(7));
    for (let key = 0; key < 500; key++) expect(again.candidates(keyOf(`${key}`))).toEqual([7]);
    expect(again.bitsOf(7)).toEqual(filters.bitsOf(7));
    expect(again.bitsOf(100)).toEqual(new Uint8Array(65_536));
  });

  it('remove only the given generation, and reuse its slot', () => {
    const filters = new KeyFilters();
    for (const generation of [1, 2, 3]) {
      filters.begin(generation);
      filters.add(generation, keyOf('the same'));
    }
    filters.remove(2);
    expect(filters.candidates(keyOf('the same'))).toEqual([1, 3]);
    filters.begin(4);
    expect(filters.candidates(keyOf('the same'))).toEqual([1, 3]);
    filters.add(4, keyOf('the same'));
    expect(filters.candidates(keyOf('the same'))).toEqual([1, 4, 3]);
    filters.remove(9);
    expect(filters.has(9)).toBe(false);
  });
});
