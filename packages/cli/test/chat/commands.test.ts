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
    ['/help', { kind: 'help' }],
    ['/quit', { kind: 'quit' }],
    ['/dance now', { kind: 'unknown', word: '/dance' }],
  ])('parses %j', (line, command) => {
    expect(parseLine(line)).toEqual(command);
  });
});
