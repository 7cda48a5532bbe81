/** Prefix of text stored as hexadecimal UTF-16. Text that starts with the prefix itself is stored that way too. */
const MARK = '\u0001';
// biome-ignore lint/suspicious/noControlCharactersInRegex: matches control characters on purpose
const ODD = /^\u0001|\u0000|[\ud800-\udfff]/u;

/**
 * Encodes a user id or fingerprint for its column.
 *
 * SQLite's text is UTF-8, which cannot hold lone surrogates, and is read up to the first NUL: without the encoding two
 * users with such ids would share a queue.
 */
export function toColumn(text: string): string {
  return ODD.test(text) ? MARK + Buffer.from(text, 'utf16le').toString('hex') : text;
}

/** Decodes what {@link toColumn} has encoded. */
export function fromColumn(column: string): string {
  return column.startsWith(MARK) ? Buffer.from(column.slice(1), 'hex').toString('utf16le') : column;
}
