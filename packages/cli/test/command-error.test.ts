import { describe, expect, it } from 'vitest';
import { CommandError, describeError } from '../src/command-error.js';

describe('describeError', () => {
  it('prints the message and the advice, without a stack', () => {
    expect(describeError(new CommandError('Unknown setting "x" in c.json.', 'Valid settings: host.'))).toBe(
      'imcore: Unknown setting "x" in c.json.\nValid settings: host.\n',
    );
    expect(describeError(new CommandError('no'))).toBe('imcore: no\n');
  });

  it('prints the stack of an unexpected error', () => {
    expect(describeError(new TypeError('x is not a function'))).toContain('command-error.test.ts');
  });
});
