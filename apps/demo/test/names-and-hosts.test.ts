import { expect, test } from 'vitest';
import { asName } from '../src/im/callback-log.js';
import { isLoopback } from '../src/rest/access-guard.js';

test('a user id cannot forge a line on the console', () => {
  expect(asName('admin')).toBe('admin');
  expect(asName('张三')).toBe('张三');
  expect(asName('x\n[server] authenticate')).toBe(JSON.stringify('x\n[server] authenticate'));
  expect(asName('\u001b[2J')).not.toContain('\u001b');
});

test('host names of this machine are not case-sensitive', () => {
  expect(isLoopback('LocalHost')).toBe(true);
  expect(isLoopback('[::1]')).toBe(true);
  expect(isLoopback('localhost.evil.example')).toBe(false);
});
