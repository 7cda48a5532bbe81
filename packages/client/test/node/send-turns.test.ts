import { describe, expect, it } from 'vitest';
import { SendTurns } from '../../src/node/send-turns.js';

describe('SendTurns', () => {
  it('lets one item of each key begin, the others in order when it has ended', () => {
    const turns = new SendTurns<number>();
    expect([turns.begin('a', 1), turns.begin('a', 2), turns.begin('b', 3), turns.begin('a', 4)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(turns.takeNext()).toEqual([]);
    turns.end('a', 1);
    expect(turns.takeNext()).toEqual([2]);
    expect(turns.takeNext()).toEqual([]);
    turns.end('a', 2);
    expect(turns.takeNext()).toEqual([4]);
    turns.end('a', 4);
    expect(turns.takeNext()).toEqual([]);
    expect(turns.begin('a', 5)).toBe(true);
  });

  it('passes over an item that has left while it waited', () => {
    const turns = new SendTurns<number>();
    for (const item of [1, 2, 3]) turns.begin('a', item);
    turns.end('a', 2);
    turns.end('a', 1);
    expect(turns.takeNext()).toEqual([3]);
  });

  it('passes over an item that has left before it was taken', () => {
    const turns = new SendTurns<number>();
    for (const item of [1, 2, 3]) turns.begin('a', item);
    turns.end('a', 1);
    turns.end('a', 2);
    expect(turns.takeNext()).toEqual([3]);
  });

  it('ignores what it does not know', () => {
    const turns = new SendTurns<number>();
    turns.begin('a', 1);
    turns.end('b', 1);
    turns.end('a', 2);
    expect(turns.takeNext()).toEqual([]);
    expect(turns.begin('a', 2)).toBe(false);
  });
});
