import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../src/errors.js';

describe('ProtocolError', () => {
  it('has a name, a stable code and a message', () => {
    const error = new ProtocolError('ERR_EMPTY_FRAME', 'a frame has no body');
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toBe('ProtocolError: a frame has no body');
    expect(error.code).toBe('ERR_EMPTY_FRAME');
  });
});
