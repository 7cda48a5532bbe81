import { describe, expect, it } from 'vitest';
import { chooseNode } from '../../src/dev/choose-node.js';

const running = (...numbers: number[]) =>
  [1, 2, 3].map((number) => ({ number, isRunning: numbers.includes(number) }));

describe('chooseNode', () => {
  it.each([
    ['stays at its node', running(1, 2, 3), 2, 1, 2],
    ['goes to a node that the other user does not have', running(1, 3), 2, 1, 3],
    ['goes to the node of the other user if no other one runs', running(1), 2, 1, 1],
    ['goes nowhere if none runs', running(), 2, 1, undefined],
  ])('%s', (_, nodes, preferred, other, chosen) => {
    expect(chooseNode(nodes, preferred, other)).toBe(chosen);
  });
});
