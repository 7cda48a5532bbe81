import { describe, expect, it } from 'vitest';
import { parseLine } from '../../src/chat/commands.js';

describe('parseLine', () => {
  it.each([
    ['hello', { kind: 'say', text: 'hello' }],
    ['  spaced  ', { kind: 'say', text: '  spaced  ' }],
    ['//etc/hosts', { kind: 'say', text: '/etc/hosts' }],
    ['', { kind: 'nothing' }],
    ['   ', { kind: 'nothing' }],
    ['/to bob', { kind: 'to', user: 'bob' }],
    ['/to  bob smith ', { kind: 'to', user: 'bob smith' }],
    ['/to', { kind: 'unknown', word: '/to' }],
    ['/history', { kind: 'history', limit: undefined }],
    ['/history 5', { kind: 'history', limit: 5 }],
    ['/history 1000', { kind: 'history', limit: 1000 }],
    ['/history 1001', { kind: 'unknown', word: '/history' }],
    ['/history 0', { kind: 'unknown', word: '/history' }],
    ['/history all', { kind: 'unknown', word: '/history' }],
    ['/devices', { kind: 'devices' }],
    ['/logout 5b0c', { kind: 'logout', device: '5b0c' }],
    ['/logout', { kind: 'unknown', word: '/logout' }],
    ['/help', { kind: 'help' }],
    ['/quit', { kind: 'quit' }],
    ['/dance now', { kind: 'unknown', word: '/dance' }],
  ])('parses %j', (line, command) => {
    expect(parseLine(line)).toEqual(command);
  });
});
