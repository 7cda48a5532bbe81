import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../src/seeded-random.js';

const draw = (random: SeededRandom, count: number) => Array.from({ length: count }, () => random.next());

describe('SeededRandom', () => {
  it('draws the same numbers for the same seed, and others for another', () => {
    expect(draw(new SeededRandom(7), 20)).toEqual(draw(new SeededRandom(7), 20));
    expect(draw(new SeededRandom(7), 20)).not.toEqual(draw(new SeededRandom(8), 20));
  });

  it('draws uniformly from [0, 1)', () => {
    const numbers = draw(new SeededRandom(1), 100_000);
    expect(Math.min(...numbers.slice(0, 50_000))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers.slice(0, 50_000))).toBeLessThan(1);
    const tenths = Array.from(
      { length: 10 },
      (_, i) => numbers.filter((n) => Math.floor(n * 10) === i).length,
    );
    for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it('forks independently of what was drawn before', () => {
    const fresh = new SeededRandom(3);
    const used = new SeededRandom(3);
    draw(used, 10);
    expect(draw(used.fork('alice'), 5)).toEqual(draw(fresh.fork('alice'), 5));
    expect(draw(fresh.fork('alice'), 5)).not.toEqual(draw(fresh.fork('bob'), 5));
  });

  it('draws whole numbers with both ends included', () => {
    const random = new SeededRandom(2);
    const seen = new Set(Array.from({ length: 200 }, () => random.int(3, 5)));
    expect([...seen].sort()).toEqual([3, 4, 5]);
  });

  it('picks every item, and rejects an empty list', () => {
    const random = new SeededRandom(4);
    const seen = new Set(Array.from({ length: 100 }, () => random.pick(['a', 'b', 'c'])));
    expect([...seen].sort()).toEqual(['a', 'b', 'c']);
    expect(() => random.pick([])).toThrow(RangeError);
  });

  it('returns true with the given probability', () => {
    const random = new SeededRandom(5);
    const yes = Array.from({ length: 10_000 }, () => random.chance(0.2)).filter(Boolean).length;
    expect(Math.abs(yes - 2000)).toBeLessThan(200);
    expect(random.chance(0)).toBe(false);
    expect(random.chance(1)).toBe(true);
  });
});
