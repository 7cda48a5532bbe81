import { describe, expect, it } from 'vitest';
import { isUserId } from '../src/packet.js';

describe('isUserId', () => {
  it.each(['a', '10001', '用户', '-2', '00', 'x'.repeat(256)])('accepts %j', (id) => {
    expect(isUserId(id)).toBe(true);
  });

  it.each([[undefined], [''], ['0'], ['-1'], ['x'.repeat(257)]])('does not accept %j', (id) => {
    expect(isUserId(id)).toBe(false);
  });
});
