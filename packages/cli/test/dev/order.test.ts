import { describe, expect, it } from 'vitest';
import { parseLine, parseOrder } from '../../src/dev/order.js';

describe('parseLine', () => {
  it.each([
    ['k 2', { kind: 'node', action: 'kill', node: 2 }],
    [' S  1 ', { kind: 'node', action: 'start', node: 1 }],
    ['p 3', { kind: 'node', action: 'pause', node: 3 }],
    ['r 3', { kind: 'node', action: 'resume', node: 3 }],
    ['c 1', { kind: 'node', action: 'cut', node: 1 }],
    ['h 1', { kind: 'node', action: 'heal', node: 1 }],
    ['l 1', { kind: 'node', action: 'loss', node: 1 }],
    ['t', { kind: 'toggle' }],
    ['i', { kind: 'status' }],
    ['?', { kind: 'help' }],
    ['q', { kind: 'quit' }],
    ['  ', { kind: 'nothing' }],
    ['k', { kind: 'wrong', reason: 'k needs the number of a node from 1 to 3, such as "k 1".' }],
    ['k 4', { kind: 'wrong', reason: 'k needs the number of a node from 1 to 3, such as "k 1".' }],
    ['k 1.5', { kind: 'wrong', reason: 'k needs the number of a node from 1 to 3, such as "k 1".' }],
    ['k 1 2', { kind: 'wrong', reason: 'Unknown key "k 1 2". ? shows all keys.' }],
    ['constructor 1', { kind: 'wrong', reason: 'Unknown key "constructor 1". ? shows all keys.' }],
  ])('parses %j', (line, order) => {
    expect(parseLine(line, 3)).toEqual(order);
  });
});

describe('parseOrder', () => {
  it.each([
    { kind: 'node', action: 'loss', node: 3 },
    { kind: 'talk', isOn: true },
    { kind: 'say', from: 'alice', text: 'hello' },
  ])('accepts %j', (order) => {
    expect(parseOrder(JSON.stringify(order), 3)).toEqual(order);
  });

  it.each([
    '',
    'null',
    '[]',
    '{"kind":"node","action":"kill","node":4}',
    '{"kind":"node","action":"kill","node":"1"}',
    '{"kind":"node","action":"explode","node":1}',
    '{"kind":"talk","isOn":"true"}',
    '{"kind":"say","from":"alice","text":" "}',
    JSON.stringify({ kind: 'say', from: 'alice', text: 'x'.repeat(501) }),
  ])('rejects %j', (body) => {
    expect(parseOrder(body, 3)).toBeUndefined();
  });
});
