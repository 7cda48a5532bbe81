import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Digest } from '../src/digest.js';
import { DigestSet } from '../src/digest-set.js';

const digest = new Digest();

/** A digest whose home slot in the smallest set is `home`, so that tests can create collisions. */
function at(home: number, rest: number): Digest {
  const made = new Digest();
  made.a = home;
  made.d = rest + 1;
  return made;
}

describe('DigestSet', () => {
  it('contains an added digest until it is deleted', () => {
    const set = new DigestSet();
    set.add(digest.of('fp-1', 'bob'));
    expect(set.has(digest.of('fp-1', 'bob'))).toBe(true);
    expect(set.has(digest.of('fp-2', 'bob'))).toBe(false);
    set.delete(digest.of('fp-1', 'bob'));
    expect(set.has(digest.of('fp-1', 'bob'))).toBe(false);
    expect(set.size).toBe(0);
  });

  it('counts a digest that is added twice once', () => {
    const set = new DigestSet();
    set.add(digest.of('fp-1', 'bob'));
    set.add(digest.of('fp-1', 'bob'));
    expect(set.size).toBe(1);
  });

  it('keeps all digests when it grows', () => {
    const set = new DigestSet();
    for (let n = 0; n < 10_000; n++) set.add(digest.of(`fp-${n}`, 'bob'));
    expect(set.size).toBe(10_000);
    for (let n = 0; n < 10_000; n++) expect(set.has(digest.of(`fp-${n}`, 'bob'))).toBe(true);
    expect(set.has(digest.of('fp-10000', 'bob'))).toBe(false);
  });

  it('finds colliding digests after one of them is deleted, also at the end of the table', () => {
    const set = new DigestSet();
    for (const rest of [1, 2, 3]) set.add(at(15, rest));
    set.add(at(0, 4));
    set.delete(at(15, 1));
    expect([2, 3].every((rest) => set.has(at(15, rest)))).toBe(true);
    expect(set.has(at(0, 4))).toBe(true);
    expect(set.has(at(15, 1))).toBe(false);
  });

  it('behaves like a Set of strings for any sequence of additions and deletions', () => {
    const step = fc.record({ adds: fc.boolean(), home: fc.nat(15), rest: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const set = new DigestSet();
        const model = new Set<string>();
        for (const { adds, home, rest } of steps) {
          if (adds) set.add(at(home, rest));
          else set.delete(at(home, rest));
          if (adds) model.add(`${home}/${rest}`);
          else model.delete(`${home}/${rest}`);
          expect(set.size).toBe(model.size);
        }
        for (let home = 0; home < 16; home++) {
          for (let rest = 0; rest < 4; rest++) {
            expect(set.has(at(home, rest))).toBe(model.has(`${home}/${rest}`));
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('finds a digest that differs only in the last word, and replaces it', () => {
    const set = new DigestSet();
    for (const rest of [1, 2]) set.add(at(15, rest));
    set.add(at(0, 4));
    expect(set.find(at(15, 2))).toBe('same');
    expect(set.find(at(15, 3))).toBe('other');
    expect(set.find(at(14, 3))).toBe('absent');
    set.replace(at(0, 9));
    expect(set.size).toBe(3);
    expect(set.has(at(0, 9))).toBe(true);
    expect(set.has(at(0, 4))).toBe(false);
    set.replace(at(7, 1));
    expect(set.size).toBe(4);
    expect(set.has(at(7, 1))).toBe(true);
  });
});
