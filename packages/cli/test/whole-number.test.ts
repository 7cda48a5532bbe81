import { describe, expect, it } from 'vitest';
import { CommandError } from '../src/command-error.js';
import { wholeNumber } from '../src/whole-number.js';

describe('wholeNumber', () => {
  it.each([
    ['1', 1],
    ['10000', 10_000],
    ['007', 7],
  ])('reads %j', (text, number) => {
    expect(wholeNumber('--pairs', text, 1, 10_000)).toBe(number);
  });

  it.each(['', ' ', '0', '10001', '1.5', '-1', '1e3', '0x10', 'many'])('refuses %j, and says why', (text) => {
    expect(() => wholeNumber('--pairs', text, 1, 10_000)).toThrow(
      new CommandError(`--pairs is ${JSON.stringify(text)}`, 'Allowed: 1 to 10000.'),
    );
  });

  it('has no upper bound unless it is given one', () => {
    expect(wholeNumber('--top', '9007199254740991', 0)).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => wholeNumber('--top', '9007199254740992', 0)).toThrow(
      new CommandError('--top is "9007199254740992"', 'Allowed: whole numbers from 0 up.'),
    );
  });
});
