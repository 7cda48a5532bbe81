import { describe, expect, it } from 'vitest';
import { type Flushable, Flusher } from '../src/transports/flusher.js';

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

  describe('with input', () => {
    function setUp() {
      const flusher = new Flusher();
      const flushed: string[] = [];
      /** A piece of input that makes output for `name`. */
      const input = (name: string): void => {
        flusher.handling();
        flusher.add({ flush: () => flushed.push(name) });
        flusher.handled();
      };
      /** Makes turns quiet, and passes the input that is not watched then: the next piece is. */
      const becomeQuiet = async (): Promise<void> => {
        for (let i = 0; i < 9; i++) {
          input('quiet');
          await turn();
        }
        flushed.length = 0;
      };
      return { flusher, flushed, input, becomeQuiet };
    }

    it('does not wait for the end of a turn if the turn before had one chunk', async () => {
      const { flushed, input } = setUp();
      input('first');
      expect(flushed).toEqual([]);
      await turn();
      input('second');
      expect(flushed).toEqual(['first', 'second']);
    });

    it('waits after a second chunk of a measured turn, and in the turn after it', async () => {
      const { flushed, input, becomeQuiet } = setUp();
      await becomeQuiet();
      input('1');
      input('2');
      expect(flushed).toEqual(['1']);
      await turn();
      input('3');
      expect(flushed).toEqual(['1', '2']);
      await turn();
      input('4');
      expect(flushed).toEqual(['1', '2', '3', '4']);
    });

    it('measures one turn in nine while turns are quiet', async () => {
      const { flushed, input } = setUp();
      input('0');
      await turn();
      // All in one turn: the ninth is the first that is watched, the one behind it waits.
      for (let i = 1; i <= 10; i++) input(`${i}`);
      expect(flushed).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
      await turn();
      expect(flushed).toHaveLength(11);
      input('11');
      expect(flushed).toHaveLength(11);
    });

    it('flushes what is written without input at the end of the turn, in quiet times too', async () => {
      const { flusher, flushed, input } = setUp();
      input('0');
      await turn();
      flusher.add({ flush: () => flushed.push('by itself') });
      expect(flushed).toEqual(['0']);
      await turn();
      expect(flushed).toEqual(['0', 'by itself']);
    });

    it('counts chunks that cause no output', async () => {
      const { flusher, flushed, input } = setUp();
      flusher.handled();
      flusher.handled();
      await turn();
      input('1');
      expect(flushed).toEqual([]);
      await turn();
      expect(flushed).toEqual(['1']);
    });
  });
});
