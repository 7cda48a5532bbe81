/** A pair of elements of two aligned sequences; one is missing where the other has no counterpart. */
export interface Aligned<Item> {
  readonly expected: Item | undefined;
  readonly found: Item | undefined;
}

/** Aligns two sequences, in order, so that as many pairs as possible have equal keys. */
export function align<Item extends { readonly key: string }>(
  expected: readonly Item[],
  found: readonly Item[],
): Aligned<Item>[] {
  const lengths = commonLengths(expected, found);
  const lengthAt = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  const aligned: Aligned<Item>[] = [];
  let i = 0;
  let j = 0;
  while (i < expected.length || j < found.length) {
    const [left, right] = [expected[i], found[j]];
    if (left !== undefined && right !== undefined && left.key === right.key) {
      aligned.push({ expected: left, found: right });
      i += 1;
      j += 1;
    } else if (right === undefined || (left !== undefined && lengthAt(i + 1, j) >= lengthAt(i, j + 1))) {
      aligned.push({ expected: left, found: undefined });
      i += 1;
    } else {
      aligned.push({ expected: undefined, found: right });
      j += 1;
    }
  }
  return aligned;
}

/** Length of the longest common subsequence of the rests that begin at (i, j). */
function commonLengths<Item extends { readonly key: string }>(
  expected: readonly Item[],
  found: readonly Item[],
): number[][] {
  const lengths: number[][] = Array.from({ length: expected.length + 1 }, () => []);
  for (let i = expected.length - 1; i >= 0; i--) {
    const row = lengths[i] ?? [];
    for (let j = found.length - 1; j >= 0; j--) {
      const isEqual = expected[i]?.key === found[j]?.key;
      const down = lengths[i + 1]?.[j] ?? 0;
      const right = row[j + 1] ?? 0;
      row[j] = isEqual ? 1 + (lengths[i + 1]?.[j + 1] ?? 0) : Math.max(down, right);
    }
  }
  return lengths;
}
