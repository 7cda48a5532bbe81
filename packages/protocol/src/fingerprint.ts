import type { Random } from './clock.js';

/** The digits that may stand where a UUID names its variant. */
const VARIANTS = '89ab';

/** A new fingerprint: a UUID v4, made from the given source so that it needs nothing of the platform. */
export function createFingerprint(random: Random): string {
  const [a, b, c, d] = [eightDigits(random), eightDigits(random), eightDigits(random), eightDigits(random)];
  const variant = VARIANTS[Math.floor(random() * VARIANTS.length)];
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-${variant}${c.slice(0, 3)}-${c.slice(4)}${d}`;
}

/** Eight hexadecimal digits of one draw. */
function eightDigits(random: Random): string {
  return (0x1_0000_0000 + Math.floor(random() * 0x1_0000_0000)).toString(16).slice(1);
}
