import type { Random } from './clock.js';

/** The valid hexadecimal digits at the variant position of a UUID. */
const VARIANTS = '89ab';

/** Hexadecimal digits of each byte. Converting a 32-bit number at once takes ten times as long. */
const BYTES = Array.from({ length: 256 }, (_, byte) => (256 + byte).toString(16).slice(1));

/** Creates a fingerprint: a UUID v4, from the given random source, so that it needs no platform API. */
export function createFingerprint(random: Random): string {
  const [a, b, c, d] = [eightDigits(random), eightDigits(random), eightDigits(random), eightDigits(random)];
  const variant = VARIANTS[Math.floor(random() * VARIANTS.length)];
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-${variant}${c.slice(0, 3)}-${c.slice(4)}${d}`;
}

/** Eight hexadecimal digits from one random number. */
function eightDigits(random: Random): string {
  const draw = random() * 0x1_0000_0000;
  return `${BYTES[draw >>> 24]}${BYTES[(draw >>> 16) & 255]}${BYTES[(draw >>> 8) & 255]}${BYTES[draw & 255]}`;
}
