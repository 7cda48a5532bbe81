import { describe, expect, it } from 'vitest';
import { Batches } from '../src/batches.js';

/** Batches that the test ends one by one. */
function underTest(maxItems: number) {
  const works: { items: readonly number[]; end: () => void; fail: (error: Error) => void }[] = [];
  const batches = new Batches<number, string>(
    maxItems,
    (items) =>
      new Promise((resolve, reject) => {
        works.push({ items, end: () => resolve(items.map(String)), fail: reject });
      }),
  );
  return { batches, works, items: () => works.map((work) => work.items) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('Batches', () => {
  it('runs calls made together as one batch, and gives each call its own results', async () => {
    const { batches, works, items } = underTest(10);
    const calls = [batches.add([1, 2]), batches.add([]), batches.add([3])];
    await turn();
    expect(items()).toEqual([[1, 2, 3]]);
    works[0]?.end();
    expect(await Promise.all(calls)).toEqual([['1', '2'], [], ['3']]);
  });

  it('runs one batch at a time, then one with all calls made meanwhile', async () => {
    const { batches, works, items } = underTest(10);
    void batches.add([1]);
    await turn();
    void batches.add([2]);
    void batches.add([3]);
    await turn();
    expect(items()).toEqual([[1]]);
    works[0]?.end();
    await turn();
    expect(items()).toEqual([[1], [2, 3]]);
  });

  it('never splits a call, and combines no more calls than fit', async () => {
    const { batches, works, items } = underTest(3);
    for (const call of [[1, 2], [3, 4], [5], [6, 7, 8, 9]]) void batches.add(call);
    for (const index of [0, 1, 2]) {
      await turn();
      works[index]?.end();
    }
    expect(items()).toEqual([
      [1, 2],
      [3, 4, 5],
      [6, 7, 8, 9],
    ]);
  });

  it('fails the calls of the failed batch, and no other', async () => {
    const { batches, works } = underTest(2);
    const calls = [batches.add([1]), batches.add([2]), batches.add([3])].map((call) =>
      call.catch((error: unknown) => String(error)),
    );
    await turn();
    works[0]?.fail(new Error('no'));
    await turn();
    works[1]?.end();
    expect(await Promise.all(calls)).toEqual(['Error: no', 'Error: no', ['3']]);
  });
});
