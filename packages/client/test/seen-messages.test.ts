import { describe, expect, it } from 'vitest';
import { SeenMessages } from '../src/seen-messages.js';

describe('SeenMessages', () => {
  it('remembers keys for at least rememberMs and at most twice as long', () => {
    const seen = new SeenMessages({ rememberMs: 1_000, maxRemembered: 100 });
    seen.add('first', 0);
    seen.add('early', 10);

    seen.add('later', 1_005);
    expect(seen.has('early')).toBe(true);
    seen.add('latest', 2_005);

    expect(['early', 'later', 'latest'].map((name) => seen.has(name))).toEqual([false, true, true]);
  });

  it('remembers at most maxRemembered keys, including the newest', () => {
    const seen = new SeenMessages({ rememberMs: 1_000, maxRemembered: 10 });
    for (let n = 0; n < 1_000; n++) seen.add(`m${n}`, 1);

    const remembered = Array.from({ length: 1_000 }, (_, n) => n).filter((n) => seen.has(`m${n}`));

    expect(remembered.length).toBeLessThanOrEqual(10);
    expect(remembered.at(-1)).toBe(999);
  });
});
