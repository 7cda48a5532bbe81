import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const CSS = readFileSync(fileURLToPath(new URL('../../page/style/tokens.css', import.meta.url)), 'utf8');

/** The color tokens of a rule, by name. */
function tokensOf(selector: string): ReadonlyMap<string, string> {
  const start = CSS.indexOf(`${selector} {`);
  const body = CSS.slice(start, CSS.indexOf('}', start));
  return new Map(
    [...body.matchAll(/--([\w-]+): (#[\da-f]{6});/g)].map((match) => [match[1] ?? '', match[2] ?? '']),
  );
}

/** @see WCAG 2.2, relative luminance */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** Text colors and their backgrounds. */
const TEXTS: readonly (readonly [string, string])[] = [
  ...['paper', 'stage', 'surface', 'raised', 'hover', 'chosen'].flatMap(
    (on) =>
      [
        ['ink', on],
        ['ink-soft', on],
        ['ink-faint', on],
      ] as const,
  ),
  ['own-ink', 'own'],
  ['own-soft', 'own'],
  ['pine', 'own'],
  ['pine', 'paper'],
  ['pine', 'hover'],
  ['on-pine', 'pine'],
  ['on-pine', 'pine-strong'],
  ['on-persimmon', 'persimmon'],
  ['persimmon', 'paper'],
  ['persimmon', 'stage'],
  ['persimmon-ink', 'persimmon-paper'],
  ['danger', 'surface'],
  ['danger', 'stage'],
  ['danger', 'raised'],
  ['on-danger', 'danger'],
];

/** Borders and icons that convey information, and their backgrounds. */
const SIGNS: readonly (readonly [string, string])[] = [
  ['line-strong', 'surface'],
  ['pine', 'surface'],
  ['danger', 'own'],
  ['persimmon', 'persimmon-paper'],
];

describe.each([
  ['light', ':root'],
  ['dark', ':root[data-theme="dark"]'],
])('the %s colors', (_name, selector) => {
  const tokens = tokensOf(selector);
  const ratio = (one: string, other: string): number => {
    const [a, b] = [tokens.get(one), tokens.get(other)];
    if (a === undefined || b === undefined) throw new Error(`no colour ${one} or ${other}`);
    return contrast(a, b);
  };

  it.each(TEXTS)('have a contrast of 4.5 for %s on %s (WCAG AA, text)', (text, on) => {
    expect(ratio(text, on)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(SIGNS)('have a contrast of 3 for %s on %s (WCAG AA, graphics)', (sign, on) => {
    expect(ratio(sign, on)).toBeGreaterThanOrEqual(3);
  });
});

describe('the dark colors', () => {
  it('are the same for the system setting and the user’s choice', () => {
    expect([...tokensOf(':root:not([data-theme="light"])')]).toEqual([
      ...tokensOf(':root[data-theme="dark"]'),
    ]);
  });
});
