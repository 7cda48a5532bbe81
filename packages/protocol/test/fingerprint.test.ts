import { describe, expect, it } from 'vitest';
import { createFingerprint } from '../src/fingerprint.js';

describe('createFingerprint', () => {
  it('creates a UUID v4', () => {
    const digits = [0.999, 0, 0.5];
    let next = 0;
    const fingerprint = createFingerprint(() => digits[next++ % digits.length] ?? 0);
    expect(fingerprint).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('takes all digits from the given random source', () => {
    expect(createFingerprint(() => 0)).toBe('00000000-0000-4000-8000-000000000000');
    expect(createFingerprint(() => 1 - 2 ** -32)).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff');
  });
});
