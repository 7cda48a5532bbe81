import type { Random } from '@imcore/protocol';
import { platform } from './platform.js';

const POOL_SIZE = 256;

/**
 * Creates a random source: `crypto.getRandomValues`, so that fingerprints cannot be guessed, or `Math.random` if the
 * platform has no `crypto`. Fetches 256 numbers at a time, because each call into the platform is expensive.
 */
export function createSystemRandom(): Random {
  const { crypto } = platform;
  if (crypto?.getRandomValues === undefined) return Math.random;
  const pool = new Uint32Array(POOL_SIZE);
  let used = POOL_SIZE;
  return () => {
    if (used === POOL_SIZE) {
      crypto.getRandomValues?.(pool);
      used = 0;
    }
    const drawn = pool[used] ?? 0;
    used += 1;
    return drawn / 0x1_0000_0000;
  };
}
