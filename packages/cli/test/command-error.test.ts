import { describe, expect, it } from 'vitest';
import { CommandError, describeError } from '../src/command-error.js';

describe('describeError', () => {
  it('tells what is wrong and what to try, without a stack', () => {
    expect(describeError(new CommandError('--port is "x"', 'Allowed: 1 to 65535.'))).toBe(
      'imcore: --port is "x"\nAllowed: 1 to 65535.\n',
    );
    expect(describeError(new CommandError('no'))).toBe('imcore: no\n');
  });

  it('shows the stack of an error that nobody foresaw', () => {
    expect(describeError(new TypeError('x is not a function'))).toContain('command-error.test.ts');
  });
});
