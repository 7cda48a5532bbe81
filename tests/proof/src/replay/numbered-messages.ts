/** The user that fills the queue. */
export const SENDER = 'filler';

/** The fingerprint of a message by its number. */
export function fingerprintOf(number: number): string {
  return `fp-${number}`;
}

/** The type of a message by its number. */
export function typeOf(number: number): number {
  return number % 1000;
}
