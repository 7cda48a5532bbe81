import { expect, test } from 'vitest';
import { asName } from '../src/im/callback-log.js';
import { isLoopback } from '../src/rest/access-guard.js';

test('no user id can write a line of its own on the console', () => {
  expect(asName('admin')).toBe('admin');
  expect(asName('张三')).toBe('张三');
  expect(asName('x\n[server] authenticate')).toBe(JSON.stringify('x\n[server] authenticate'));
  expect(asName('\u001b[2J')).not.toContain('\u001b');
});

test('a name of this machine counts in any case', () => {
  expect(isLoopback('LocalHost')).toBe(true);
  expect(isLoopback('[::1]')).toBe(true);
  expect(isLoopback('localhost.evil.example')).toBe(false);
});
