import { ProtocolError } from './errors.js';

/** Size of the frame header: the body length as an unsigned 32-bit big-endian number, without the header itself. */
export const TCP_HEADER_BYTES = 4;

/** Default maximum of a frame body, in bytes: the default of the original clients and servers. */
export const DEFAULT_MAX_TCP_BODY_BYTES = 6144;

/**
 * Splits a TCP stream into frame bodies, independent of how the bytes are grouped into chunks.
 *
 * Holds at most one incomplete frame. A body is reported as a range of an array, without a copy: the range is valid only
 * during the call.
 *
 * @see docs/protocol/SPEC.md#1-frames
 */
export class TcpFrameReader<Bytes extends Uint8Array> {
  readonly #maxBodyBytes: number;
  readonly #allocate: (size: number) => Bytes;
  /** The length in the header bytes received so far. */
  #announced = 0;
  #headerBytes = 0;
  #body: Bytes | undefined;
  #bodyBytes = 0;

  /** `allocate` creates the array for a body that arrives in several chunks. */
  constructor(maxBodyBytes: number, allocate: (size: number) => Bytes) {
    this.#maxBodyBytes = maxBodyBytes;
    this.#allocate = allocate;
  }

  /** Whether an incomplete frame is held. */
  get isInFrame(): boolean {
    return this.#headerBytes > 0;
  }

  /**
   * Reads the next chunk and calls `onBody` for each complete body. Stops early when `onBody` returns false.
   *
   * @throws ProtocolError `ERR_FRAME_TOO_LARGE`, `ERR_EMPTY_FRAME`. The stream cannot be read further after an error.
   */
  push(chunk: Bytes, onBody: (bytes: Bytes, start: number, end: number) => boolean): void {
    let at = this.#headerBytes === 0 ? 0 : this.#finishPending(chunk, onBody);
    while (at >= 0 && at < chunk.length) {
      if (chunk.length - at < TCP_HEADER_BYTES) {
        this.#keepHeader(chunk, at);
        return;
      }
      const length = this.#check(readLength(chunk, at));
      const start = at + TCP_HEADER_BYTES;
      if (chunk.length - start < length) {
        this.#keepHeader(chunk, at);
        this.#keepBody(chunk, start, length);
        return;
      }
      at = onBody(chunk, start, start + length) ? start + length : -1;
    }
  }

  /** Returns the index after the pending frame, or -1 if reading must stop. */
  #finishPending(chunk: Bytes, onBody: (bytes: Bytes, start: number, end: number) => boolean): number {
    let at = 0;
    while (this.#headerBytes < TCP_HEADER_BYTES && at < chunk.length) {
      this.#keepHeaderByte(chunk[at++] ?? 0);
    }
    if (this.#headerBytes < TCP_HEADER_BYTES) return at;
    this.#body ??= this.#allocate(this.#check(this.#announced));
    const part = Math.min(this.#body.length - this.#bodyBytes, chunk.length - at);
    this.#body.set(chunk.subarray(at, at + part), this.#bodyBytes);
    this.#bodyBytes += part;
    if (this.#bodyBytes < this.#body.length) return at + part;
    const body = this.#body;
    this.#headerBytes = 0;
    this.#announced = 0;
    this.#body = undefined;
    this.#bodyBytes = 0;
    return onBody(body, 0, body.length) ? at + part : -1;
  }

  #keepHeader(chunk: Bytes, at: number): void {
    const end = Math.min(at + TCP_HEADER_BYTES, chunk.length);
    for (let next = at; next < end; next++) this.#keepHeaderByte(chunk[next] ?? 0);
  }

  #keepHeaderByte(byte: number): void {
    this.#announced = this.#announced * 256 + byte;
    this.#headerBytes += 1;
  }

  #keepBody(chunk: Bytes, start: number, length: number): void {
    if (start === chunk.length) return;
    this.#body = this.#allocate(length);
    this.#body.set(chunk.subarray(start));
    this.#bodyBytes = chunk.length - start;
  }

  #check(length: number): number {
    if (length === 0) throw new ProtocolError('ERR_EMPTY_FRAME', 'a frame announces a body of 0 bytes');
    if (length > this.#maxBodyBytes) {
      throw new ProtocolError(
        'ERR_FRAME_TOO_LARGE',
        `a frame announces a body of ${length} bytes, the limit is ${this.#maxBodyBytes}`,
      );
    }
    return length;
  }
}

/** Writes a frame header to `target`, at offset `at`. */
export function writeTcpHeader(target: Uint8Array, at: number, bodyBytes: number): void {
  target[at] = bodyBytes >>> 24;
  target[at + 1] = bodyBytes >>> 16;
  target[at + 2] = bodyBytes >>> 8;
  target[at + 3] = bodyBytes;
}

function readLength(bytes: Uint8Array, at: number): number {
  const [a, b, c, d] = [bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0, bytes[at + 3] ?? 0];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
