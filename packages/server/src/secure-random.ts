import { randomFillSync } from 'node:crypto';
import type { Random } from '@imcore/protocol';

const POOL_SIZE = 1024;

/**
 * Creates a random source that nobody can predict, unlike `Math.random`: whoever has seen some of its numbers can compute the
 * next ones, and could acknowledge fingerprints that were sent to others. Fetches many numbers at a time.
 */
export function createSecureRandom(): Random {
  const pool = new Uint32Array(POOL_SIZE);
  let used = POOL_SIZE;
  return () => {
    if (used === POOL_SIZE) {
      randomFillSync(pool);
      used = 0;
    }
    const drawn = pool[used] ?? 0;
    used += 1;
    return drawn / 0x1_0000_0000;
  };
}
