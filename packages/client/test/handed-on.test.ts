import { describe, expect, it } from 'vitest';
import { HandedOn } from '../src/handed-on.js';

describe('HandedOn', () => {
  it('remembers for the time that it is told at least, and twice that at most', () => {
    const handedOn = new HandedOn(0, { rememberMs: 1_000, maxRemembered: 100 });
    handedOn.add('early', 10);

    handedOn.add('later', 1_005);
    expect(handedOn.has('early')).toBe(true);
    handedOn.add('latest', 2_005);

    expect(['early', 'later', 'latest'].map((name) => handedOn.has(name))).toEqual([false, true, true]);
  });

  it('remembers no more than it is told, and the newest of them', () => {
    const handedOn = new HandedOn(0, { rememberMs: 1_000, maxRemembered: 10 });
    for (let n = 0; n < 1_000; n++) handedOn.add(`m${n}`, 1);

    const remembered = Array.from({ length: 1_000 }, (_, n) => n).filter((n) => handedOn.has(`m${n}`));

    expect(remembered.length).toBeLessThanOrEqual(10);
    expect(remembered.at(-1)).toBe(999);
  });
});
