import { describe, expect, it } from 'vitest';
import { CommandError } from '../src/command-error.js';
import { wholeNumber } from '../src/whole-number.js';

describe('wholeNumber', () => {
  it.each([
    ['1', 1],
    ['10000', 10_000],
    ['007', 7],
  ])('parses %j', (text, number) => {
    expect(wholeNumber('--pairs', text, 1, 10_000)).toBe(number);
  });

  it.each(['', ' ', '0', '10001', '1.5', '-1', '1e3', '0x10', 'many'])(
    'rejects %j with the valid range',
    (text) => {
      expect(() => wholeNumber('--pairs', text, 1, 10_000)).toThrow(
        new CommandError(`--pairs must be a whole number from 1 to 10000, got ${JSON.stringify(text)}`),
      );
    },
  );

  it('has no upper limit by default', () => {
    expect(wholeNumber('--top', '9007199254740991', 0)).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => wholeNumber('--top', '9007199254740992', 0)).toThrow(
      new CommandError('--top must be a whole number of 0 or more, got "9007199254740992"'),
    );
  });
});
