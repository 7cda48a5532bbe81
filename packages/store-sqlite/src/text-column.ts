import { type BinaryString, contentDigest } from '@imcore/server/ports';

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

/** Separates a fingerprint from the digest of its message's content. Rows of older files have no digest. */
const DIGEST = '\u0002';

/** Encodes a fingerprint and the content of its message for the column: both together are part of a message's key. */
export function toFingerprintColumn(fingerprint: string, body: BinaryString): string {
  return `${toColumn(fingerprint)}${DIGEST}${(contentDigest(body) >>> 0).toString(36)}`;
}

/** Decodes the fingerprint in a column of {@link toFingerprintColumn}, or in one of an older file. */
export function fromFingerprintColumn(column: string): string {
  const end = column.lastIndexOf(DIGEST);
  return fromColumn(end < 0 ? column : column.slice(0, end));
}

/** Decodes what {@link toColumn} has encoded. */
export function fromColumn(column: string): string {
  return column.startsWith(MARK) ? Buffer.from(column.slice(1), 'hex').toString('utf16le') : column;
}
