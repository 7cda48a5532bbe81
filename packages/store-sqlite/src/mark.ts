import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * Identifies a database file and counts its commits. It is stored with the totals, so that nearly every commit writes it,
 * and shows whether a write-ahead log belongs to the file beside it.
 */
export interface Mark {
  /** Random; the same for the life of a file. A backup gets another one. */
  readonly identity: string;
  /** Number of commits that changed messages. */
  readonly commits: number;
}

/** Layout: 8 bytes of identity, 6 of the counter, 4 of a checksum of both. */
const IDENTITY_BYTES = 8;
const COUNTER_BYTES = 6;
const CHECKED_BYTES = IDENTITY_BYTES + COUNTER_BYTES;
const MARK_BYTES = CHECKED_BYTES + 4;

/** The mark of a new file. */
export function newMark(): Buffer {
  return written(randomBytes(IDENTITY_BYTES), 0);
}

/** The mark after one more commit. A mark that cannot be read is replaced. */
export function nextMark(bytes: Buffer): Buffer {
  return readMark(bytes) === undefined
    ? newMark()
    : written(bytes, bytes.readUIntBE(IDENTITY_BYTES, COUNTER_BYTES) + 1);
}

/** Returns `undefined` for bytes that are not a mark. */
export function readMark(bytes: Buffer): Mark | undefined {
  if (bytes.length !== MARK_BYTES) return undefined;
  if (bytes.readUInt32BE(CHECKED_BYTES) !== crc32(bytes.subarray(0, CHECKED_BYTES))) return undefined;
  return {
    identity: bytes.toString('hex', 0, IDENTITY_BYTES),
    commits: bytes.readUIntBE(IDENTITY_BYTES, COUNTER_BYTES),
  };
}

function written(identity: Buffer, commits: number): Buffer {
  const bytes = Buffer.alloc(MARK_BYTES);
  identity.copy(bytes, 0, 0, IDENTITY_BYTES);
  bytes.writeUIntBE(commits, IDENTITY_BYTES, COUNTER_BYTES);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, CHECKED_BYTES)), CHECKED_BYTES);
  return bytes;
}
