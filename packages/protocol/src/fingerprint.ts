import type { Random } from './clock.js';

const PATTERN = 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx';

/** A new fingerprint: a UUID v4, made from the given source so that it needs nothing of the platform. */
export function createFingerprint(random: Random): string {
  return PATTERN.replace(/[xy]/g, (letter) => {
    const digit = Math.floor(random() * 16);
    return (letter === 'x' ? digit : (digit & 0x3) | 0x8).toString(16);
  });
}
