import { ProtocolError } from './errors.js';

/** Bytes of the length that stands before each body: unsigned, big-endian, itself not counted. */
export const TCP_HEADER_BYTES = 4;

/** Largest body that an original client or server accepts by default. */
export const DEFAULT_MAX_TCP_BODY_BYTES = 6144;

/**
 * Cuts a TCP stream into frame bodies, however the bytes are split or joined on the way.
 *
 * Holds at most one unfinished frame. A body is reported as a range of an array rather than copied: it is valid
 * only during the call.
 *
 * @see docs/protocol/SPEC.md#1-frames
 */
export class TcpFrameReader<Bytes extends Uint8Array> {
  readonly #maxBodyBytes: number;
  readonly #allocate: (size: number) => Bytes;
  /** The length announced by the header bytes so far. */
  #announced = 0;
  #headerBytes = 0;
  #body: Bytes | undefined;
  #bodyBytes = 0;

  /** `allocate` makes the array that collects a body which arrives in pieces. */
  constructor(maxBodyBytes: number, allocate: (size: number) => Bytes) {
    this.#maxBodyBytes = maxBodyBytes;
    this.#allocate = allocate;
  }

  /** Whether bytes of an unfinished frame are held. */
  get isInFrame(): boolean {
    return this.#headerBytes > 0;
  }

  /**
   * Takes the next bytes and reports each body that they complete. Stops early when `onBody` returns false.
   *
   * @throws ProtocolError `ERR_FRAME_TOO_LARGE`, `ERR_EMPTY_FRAME`; the stream cannot be read on after that.
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

  /** Returns where the bytes behind the pending frame begin; -1 where reading must stop. */
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
        `a frame announces a body of ${length} bytes, allowed are ${this.#maxBodyBytes}`,
      );
    }
    return length;
  }
}

/** Puts the header before a body. */
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
