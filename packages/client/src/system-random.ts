import type { Random } from '@imcore/protocol';
import { platform } from './platform.js';

const POOL_SIZE = 256;

/**
 * The platform's random numbers: those for cryptography where it has them, so that fingerprints cannot be guessed,
 * else `Math.random`. Drawn many at a time, for each call into the platform is dear.
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
