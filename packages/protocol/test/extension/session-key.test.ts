import { describe, expect, it } from 'vitest';
import { createRandomCapability } from '../../src/extension/capabilities.js';
import { createSessionKey, hasSessionKey, SESSION_KEY_LENGTH } from '../../src/extension/session-key.js';

describe('createSessionKey', () => {
  it('draws each digit', () => {
    const numbers = [0, 0.999999, 0.5];
    expect(createSessionKey(() => numbers.shift() ?? 0.25)).toBe('A_gQQQQQQQQ');
  });

  it('needs no escapes', () => {
    let seed = 0;
    const random = () => (seed++ % 64) / 64;
    for (let i = 0; i < 64; i++) {
      const key = createSessionKey(random);
      expect(key).toMatch(/^[\w-]{11}$/);
      expect(key.length).toBe(SESSION_KEY_LENGTH);
    }
  });
});

describe('hasSessionKey', () => {
  const key = 'Zk3vQ0x-9aB';

  it('accepts the key', () => {
    expect(hasSessionKey({ s: 1, a: key }, key)).toBe(true);
  });

  it.each([
    ['no x', undefined],
    ['null', null],
    ['no key', { s: 1 }],
    ['a text', key],
    ['another key', { a: 'Zk3vQ0x-9aC' }],
    ['a part of it', { a: 'Zk3vQ0x-9a' }],
    ['more than it', { a: `${key}A` }],
    ['characters that only look the same', { a: `${key.slice(0, -1)}\u0142` }],
    ['an array', { a: [...key] }],
  ])('does not accept %s', (_name, x) => {
    expect(hasSessionKey(x, key)).toBe(false);
  });
});

describe('createRandomCapability', () => {
  it.each([
    [0, 'g0000'],
    [0.5, 'g8000'],
    [0.9999999, 'gffff'],
  ])('is g and four hexadecimal digits: %d', (number, capability) => {
    expect(createRandomCapability(() => number)).toBe(capability);
  });
});
