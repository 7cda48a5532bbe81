import { hash } from 'node:crypto';
import { type BinaryString, contentDigest } from '@imcore/server/ports';

/** First byte of keys that are not UTF-8. UTF-8 never starts with it. */
const NOT_UTF8 = 0xff;
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/**
 * Encodes a user id or fingerprint for its column: UTF-8, readable with `convert_from(receiver, 'UTF8')`.
 *
 * The columns are `bytea` and not `text`, because `text` cannot hold NUL or lone surrogates and depends on the database's
 * encoding: one such id would make the whole insert fail. Text that is not well-formed is stored as UTF-16 after a marker.
 */
export function toKey(text: string): Buffer {
  if (!LONE_SURROGATE.test(text)) return Buffer.from(text, 'utf8');
  return Buffer.concat([Buffer.of(NOT_UTF8), Buffer.from(text, 'utf16le')]);
}

/** Decodes what {@link toKey} has encoded. */
export function fromKey(key: Buffer): string {
  return key[0] === NOT_UTF8 ? key.toString('utf16le', 1) : key.toString('utf8');
}

/** Starts the digest after a fingerprint. Neither UTF-8 nor, at this place, the encoding of other text has this byte. */
const DIGEST = 0xfe;
const DIGEST_BYTES = 5;

/** Encodes a fingerprint and the content of its message for the column: both together are part of a message's key. */
export function toFingerprintKey(fingerprint: string, body: BinaryString): Buffer {
  const key = toKey(fingerprint);
  const column = Buffer.allocUnsafe(key.length + DIGEST_BYTES);
  key.copy(column);
  column[key.length] = DIGEST;
  column.writeInt32LE(contentDigest(body), key.length + 1);
  return column;
}

/** Decodes the fingerprint of {@link toFingerprintKey}. Rows of older versions have no digest. */
export function fromFingerprintKey(column: Buffer): string {
  const end = column.length - DIGEST_BYTES;
  // Text that is not well-formed has a marker and two bytes for each unit: an odd number without a digest.
  const hasDigest = column[0] === NOT_UTF8 ? column.length % 2 === 0 : end >= 0 && column[end] === DIGEST;
  return fromKey(hasDigest ? column.subarray(0, end) : column);
}

const KEY_BYTES = 16;

/**
 * Returns what recognizes a message: the start of a SHA-256 of its columns. 16 bytes are enough: two messages of one sender with
 * the same key would harm no other user, and those of two senders cannot be forged. `MESSAGE_KEY` is the same in SQL.
 */
export function messageKey(sender: Buffer, receiver: Buffer, fingerprint: Buffer): Buffer {
  const text = Buffer.allocUnsafe(8 + sender.length + receiver.length + fingerprint.length);
  let at = text.writeInt32BE(sender.length, 0);
  at += sender.copy(text, at);
  at = text.writeInt32BE(receiver.length, at);
  at += receiver.copy(text, at);
  fingerprint.copy(text, at);
  return hash('sha256', text, 'buffer').subarray(0, KEY_BYTES);
}

/** SQL: {@link messageKey} of a row with `sender`, `receiver` and `fingerprint`. */
export const MESSAGE_KEY = `encode(substring(sha256(int4send(octet_length(sender)) || sender
  || int4send(octet_length(receiver)) || receiver || fingerprint) FROM 1 FOR ${KEY_BYTES}), 'hex')::uuid`;

/** FNV-1a over UTF-16 units, 32 bits, unsigned: the same on every node and in every version. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
