import { describe, expect, it } from 'vitest';
import { decideDuplicateLogin } from '../src/duplicate-login.js';

describe('decideDuplicateLogin', () => {
  it('kicks the old session out for a first login', () => {
    expect(decideDuplicateLogin(0, 100)).toBe('kick-old');
    expect(decideDuplicateLogin(-1, 100)).toBe('kick-old');
  });

  it('kicks the old session out for a later run of the client', () => {
    expect(decideDuplicateLogin(101, 100)).toBe('kick-old');
  });

  it('replaces the old session without a kick-out for the same run', () => {
    expect(decideDuplicateLogin(100, 100)).toBe('replace-old');
  });

  it('kicks out an earlier run that has missed its kick-out', () => {
    expect(decideDuplicateLogin(99, 100)).toBe('kick-new');
  });
});
