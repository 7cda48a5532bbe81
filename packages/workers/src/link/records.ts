import type { BinaryString } from '@imcore/protocol';
import { WorkerError } from '../errors.js';

/**
 * What a record says. Both ways: `Control` (a JSON object, about no connection) and `Message`. The other kinds of frames, and
 * all kinds from `Rejected` on, go from the core to a worker; the rest from a worker to the core.
 */
export const RecordKind = {
  Control: 1,
  /** A frame body. From a worker: what a peer has sent. */
  Message: 2,
  /** A frame body that is a copy of an earlier message. */
  Copy: 3,
  /** A frame body that answers a packet. */
  Answer: 4,
  /** A socket was accepted. */
  Admitted: 5,
  /** A proxy has named the address of a socket's peer. */
  Moved: 6,
  /** The deadline of a socket no longer applies. */
  DeadlineEnded: 7,
  /** A socket is closed that has not become a connection. */
  Released: 8,
  /** A connection is open; its frames follow. */
  Opened: 9,
  /** A peer broke the framing. */
  Violated: 10,
  /** The transport has answered a ping. Body: 1 if there was room, else 0. */
  AnsweredPing: 11,
  /** How many bytes of a connection have left the worker, in all, modulo 2^32. Sent while a peer reads slowly. */
  Progress: 12,
  /** The same, when what was sent before `Probe` has left. */
  Drained: 13,
  /** A connection is gone. */
  Closed: 14,
  /** Something was counted: the connection is the index of its name. */
  Count: 15,
  /** The core rejects a socket or a connection. Body: the reason. */
  Rejected: 16,
  /** The login has not arrived in time: destroy the socket. */
  LoginTimedOut: 17,
  Pause: 18,
  Resume: 19,
  Close: 20,
  Destroy: 21,
  /** The peer has proved its address. */
  Trust: 22,
  /** Answer with `Drained` when what was sent before has left. */
  Probe: 23,
} as const;

/** One of {@link RecordKind}. */
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

/** The connection of records that are about none. */
export const NO_CONNECTION = 0;

const LAST_KIND = RecordKind.Probe;

/** Size of the header: kind (1 byte), connection (4), length of the body (4), big-endian. */
export const HEADER_BYTES = 9;

/** Gets the records of one link. The body is a range of `bytes`, which is valid only during the call. */
type OnRecord = (kind: RecordKind, connection: number, bytes: Buffer, start: number, end: number) => void;

/** Writes the header of a record whose body follows, to `target` at offset `at`. `connection`: from 0 to 2^32 - 1. */
export function writeHeader(
  target: Buffer,
  at: number,
  kind: RecordKind,
  connection: number,
  bodyBytes: number,
): void {
  target[at] = kind;
  target[at + 1] = connection >>> 24;
  target[at + 2] = connection >>> 16;
  target[at + 3] = connection >>> 8;
  target[at + 4] = connection;
  target[at + 5] = bodyBytes >>> 24;
  target[at + 6] = bodyBytes >>> 16;
  target[at + 7] = bodyBytes >>> 8;
  target[at + 8] = bodyBytes;
}

/** Writes a number from 0 to 2^32 - 1 as 4 bytes, big-endian. */
export function uint32(value: number): BinaryString {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

/**
 * Splits the bytes of a link into records, independent of how they are grouped into chunks. Holds at most one incomplete record.
 *
 * A body that lies in one chunk is reported without a copy.
 */
export class RecordReader {
  readonly #maxBodyBytes: number;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #body: Buffer | undefined;
  #bodyBytes = 0;

  /** `maxBodyBytes`: maximum size of the body of a record. */
  constructor(maxBodyBytes: number) {
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** Whether an incomplete record is held. */
  get isInRecord(): boolean {
    return this.#headerBytes > 0;
  }

  /**
   * Reads the next chunk and calls `onRecord` for each complete record.
   *
   * @throws WorkerError `ERR_WORKER_LINK` for a kind that does not exist, and for a body that is too large. Nothing more can be
   *   read then.
   */
  push(chunk: Buffer, onRecord: OnRecord): void {
    let at = this.#headerBytes === 0 ? 0 : this.#finishPending(chunk, onRecord);
    while (at < chunk.length) {
      const start = at + HEADER_BYTES;
      if (start > chunk.length) {
        this.#headerBytes = chunk.copy(this.#header, 0, at);
        return;
      }
      const kind = this.#kindIn(chunk, at);
      const end = start + this.#lengthIn(chunk, at);
      if (end > chunk.length) {
        this.#headerBytes = chunk.copy(this.#header, 0, at, start);
        this.#keepBody(chunk, start, end - start);
        return;
      }
      onRecord(kind, readUint32(chunk, at + 1), chunk, start, end);
      at = end;
    }
  }

  /** Returns the index after the pending record. */
  #finishPending(chunk: Buffer, onRecord: OnRecord): number {
    const header = this.#header;
    const missing = HEADER_BYTES - this.#headerBytes;
    const copied = chunk.copy(header, this.#headerBytes, 0, missing);
    this.#headerBytes += copied;
    if (this.#headerBytes < HEADER_BYTES) return chunk.length;
    const kind = this.#kindIn(header, 0);
    const length = this.#lengthIn(header, 0);
    const connection = readUint32(header, 1);
    if (this.#body === undefined) {
      const end = copied + length;
      if (end > chunk.length) {
        this.#keepBody(chunk, copied, length);
        return chunk.length;
      }
      this.#headerBytes = 0;
      onRecord(kind, connection, chunk, copied, end);
      return end;
    }
    const body = this.#body;
    const part = chunk.copy(body, this.#bodyBytes, copied);
    this.#bodyBytes += part;
    if (this.#bodyBytes < length) return chunk.length;
    this.#headerBytes = 0;
    this.#body = undefined;
    onRecord(kind, connection, body, 0, length);
    return copied + part;
  }

  #keepBody(chunk: Buffer, start: number, length: number): void {
    this.#body = Buffer.allocUnsafeSlow(length);
    this.#bodyBytes = chunk.copy(this.#body, 0, start);
  }

  #kindIn(header: Buffer, at: number): RecordKind {
    const kind = header[at] ?? 0;
    if (kind < 1 || kind > LAST_KIND) {
      throw new WorkerError(
        'ERR_WORKER_LINK',
        `a record has the kind ${kind}, the kinds are 1 to ${LAST_KIND}`,
      );
    }
    return kind as RecordKind;
  }

  #lengthIn(header: Buffer, at: number): number {
    const length = readUint32(header, at + 5);
    if (length > this.#maxBodyBytes) {
      throw new WorkerError(
        'ERR_WORKER_LINK',
        `a record announces a body of ${length} bytes, the limit is ${this.#maxBodyBytes}`,
      );
    }
    return length;
  }
}

/** Reads what {@link uint32} has written. */
export function readUint32(bytes: Buffer, at: number): number {
  const [a, b, c, d] = [bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0, bytes[at + 3] ?? 0];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
