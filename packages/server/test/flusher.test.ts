import { describe, expect, it } from 'vitest';
import { type Flushable, Flusher } from '../src/gateways/flusher.js';

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('Flusher', () => {
  it('flushes each target once, at the end of the turn, in order', async () => {
    const flusher = new Flusher();
    const flushed: string[] = [];
    const target = (name: string): Flushable => ({ flush: () => flushed.push(name) });
    flusher.add(target('a'));
    flusher.add(target('b'));
    await Promise.resolve();
    expect(flushed).toEqual([]);
    await turn();
    expect(flushed).toEqual(['a', 'b']);
    await turn();
    expect(flushed).toEqual(['a', 'b']);
  });

  it('flushes what is added while it flushes in the next turn', async () => {
    const flusher = new Flusher();
    const flushed: string[] = [];
    const late: Flushable = { flush: () => flushed.push('late') };
    flusher.add({
      flush: () => {
        flushed.push('early');
        flusher.add(late);
      },
    });
    await turn();
    expect(flushed).toEqual(['early']);
    await turn();
    expect(flushed).toEqual(['early', 'late']);
  });
});
