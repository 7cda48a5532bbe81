/** Who fills the mailbox. */
export const SENDER = 'filler';

/** How the message of a number is sent, and must arrive. */
export function fingerprintOf(number: number): string {
  return `fp-${number}`;
}

export function typeOf(number: number): number {
  return number % 1000;
}
