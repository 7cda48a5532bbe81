/** Characters that move the cursor, change colours or the direction of writing: never from a stranger. */
const UNSAFE = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/gu;

/**
 * A text from somebody else as it may be shown on a terminal: without anything that the terminal would obey. Lines stay
 * lines, tabs become blanks, the rest becomes U+FFFD.
 */
export function printable(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/\t/g, '    ')
    .replace(UNSAFE, (character) => (character === '\n' ? '\n' : '\ufffd'));
}

/** The same, on one line. */
export function printableLine(text: string): string {
  return printable(text).replace(/\n/g, '\ufffd');
}
