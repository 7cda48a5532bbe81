import { describe, expect, it } from 'vitest';
import { UnconfirmedBytes } from '../src/unconfirmed-bytes.js';

const KIB = 1024;

/** A count whose flushes a test ends by hand. */
function countOf(max: number) {
  const flushes: PromiseWithEnd[] = [];
  const count = new UnconfirmedBytes(max, () => {
    const flush = promiseWithEnd();
    flushes.push(flush);
    return flush.promise;
  });
  return { count, flushes };
}

interface PromiseWithEnd {
  readonly promise: Promise<void>;
  readonly end: () => void;
}

function promiseWithEnd(): PromiseWithEnd {
  let end = () => {};
  const promise = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { promise, end: () => end() };
}

describe('UnconfirmedBytes', () => {
  it('asks for a flush when 64 KiB are new, and for no second one meanwhile', () => {
    const { count, flushes } = countOf(1024 * KIB);
    count.add(63 * KIB);
    expect(flushes).toHaveLength(0);
    count.add(KIB);
    count.add(200 * KIB);
    expect(flushes).toHaveLength(1);
  });

  it('has no room beyond the limit until a flush has come back', async () => {
    const { count, flushes } = countOf(100 * KIB);
    count.add(100 * KIB);
    expect([count.hasRoom(0), count.hasRoom(1)]).toEqual([true, false]);
    flushes[0]?.end();
    await expect.poll(() => count.hasRoom(100 * KIB)).toBe(true);
  });

  it('counts what was added during a flush until the next one', async () => {
    const { count, flushes } = countOf(200 * KIB);
    count.add(100 * KIB);
    count.add(80 * KIB);
    flushes[0]?.end();
    await expect.poll(() => flushes.length).toBe(2);
    expect([count.hasRoom(120 * KIB), count.hasRoom(121 * KIB)]).toEqual([true, false]);
    flushes[1]?.end();
    await expect.poll(() => count.hasRoom(200 * KIB)).toBe(true);
  });
});
