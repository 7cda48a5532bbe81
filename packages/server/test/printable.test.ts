import { describe, expect, it } from 'vitest';
import { printable, printableLine } from '../src/printable.js';

/** Everything that must not reach a terminal: C0, DEL, C1, and what changes the direction of text or breaks lines. */
const UNPRINTABLE = [
  ...Array.from({ length: 0x20 }, (_, code) => code),
  ...Array.from({ length: 0x21 }, (_, code) => 0x7f + code),
  0x061c,
  0x200e,
  0x200f,
  0x2028,
  0x2029,
  0x202a,
  0x202b,
  0x202c,
  0x202d,
  0x202e,
  0x2066,
  0x2067,
  0x2068,
  0x2069,
].map((code) => String.fromCharCode(code));

describe('printable', () => {
  it('escapes every control character except line feeds', () => {
    const texts = UNPRINTABLE.filter((character) => character !== '\n').map(printable);
    expect(texts.filter((text) => !/^\\u[0-9a-f]{4}$/.test(text))).toEqual([]);
    expect(printable('a\nb')).toBe('a\nb');
  });

  it('keeps text of any script and emoji', () => {
    const text = 'hello 你好 שלום مرحبا é 👩‍👩‍👧 \\u009b';
    expect(printable(text)).toBe(text);
  });

  it('keeps the meaning of JSON', () => {
    const value = { userId: UNPRINTABLE.join('') };
    expect(JSON.parse(printable(JSON.stringify(value)))).toEqual(value);
  });
});

describe('printableLine', () => {
  it('escapes line feeds as well', () => {
    expect(printableLine('bob\n\u009b31mforged')).toBe('bob\\u000a\\u009b31mforged');
  });
});
