/** Marks text that is kept as hexadecimal UTF-16: also what begins with the mark itself. */
const MARK = '\u0001';
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const ODD = /^\u0001|\u0000|[\ud800-\udfff]/u;

/**
 * Turns a user id or fingerprint into the text of its column.
 *
 * SQLite's text is UTF-8, which knows no lone surrogate, and is read up to its first NUL: two users of odd ids would
 * share a mailbox.
 */
export function toColumn(text: string): string {
  return ODD.test(text) ? MARK + Buffer.from(text, 'utf16le').toString('hex') : text;
}

/** The text of a column: what {@link toColumn} was given. */
export function fromColumn(column: string): string {
  return column.startsWith(MARK) ? Buffer.from(column.slice(1), 'hex').toString('utf16le') : column;
}
