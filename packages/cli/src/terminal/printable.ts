/** Control characters and characters that change the text direction. */
const UNSAFE = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/gu;

/**
 * Makes a text from another user safe to print on a terminal: keeps line feeds, turns tabs into spaces, and replaces other
 * control characters with U+FFFD.
 */
export function printable(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/\t/g, '    ')
    .replace(UNSAFE, (character) => (character === '\n' ? '\n' : '\ufffd'));
}

/** The same, but line feeds are replaced too. */
export function printableLine(text: string): string {
  return printable(text).replace(/\n/g, '\ufffd');
}
