import { describe, expect, it } from 'vitest';
import { decideDuplicateLogin } from '../src/duplicate-login.js';

describe('decideDuplicateLogin', () => {
  it('lets a first login take the place', () => {
    expect(decideDuplicateLogin(0, 100)).toBe('kick-old');
    expect(decideDuplicateLogin(-1, 100)).toBe('kick-old');
  });

  it('lets a later run of the client take the place', () => {
    expect(decideDuplicateLogin(101, 100)).toBe('kick-old');
  });

  it('lets the same run come back without a kick-out', () => {
    expect(decideDuplicateLogin(100, 100)).toBe('replace-old');
  });

  it('sends an earlier run away, which has missed its own kick-out', () => {
    expect(decideDuplicateLogin(99, 100)).toBe('kick-new');
  });
});
