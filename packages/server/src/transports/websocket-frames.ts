import { isUtf8 } from 'node:buffer';
import { type BinaryString, isAscii, ProtocolError } from '@imcore/protocol';

/** Gets the frames of a {@link WebSocketFrameReader}. Each method returns whether to continue reading. */
export interface WebSocketFrameHandler {
  /** A text message. The body is valid UTF-8. */
  onText(body: BinaryString): boolean;
  /** A ping; a pong with the same data must be sent. */
  onPing(data: BinaryString): boolean;
  /** A close frame; one with the same payload, a code and a reason or nothing, must be sent. */
  onClose(payload: BinaryString): boolean;
}

const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** Close codes of RFC 6455, 7.4.1, and the code of the original server for messages that it does not accept. */
export const NORMAL_CLOSURE = 1000;
const WS_PROTOCOL_ERROR = 1002;
const INVALID_TEXT = 1007;
const TOO_LARGE = 1009;

const MASK_BYTES = 4;
/** Maximum size of a control frame's payload. */
const MAX_CONTROL_BYTES = 125;
/** Size of the first buffer for an incomplete frame. */
const FIRST_BUFFER_BYTES = 256;

/**
 * Splits the bytes of a WebSocket client into frames, independent of how they are grouped into chunks.
 *
 * A message is one text frame: fragmented and binary messages are rejected by their first frame, as by the original server, and
 * a frame that is too long is rejected by its header. So it holds at most one incomplete frame, in a buffer at most twice as
 * large as what has arrived of it. Unmasks in place: chunks are changed.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6455#section-5.2
 */
export class WebSocketFrameReader {
  readonly #maxBodyBytes: number;
  #held: Buffer | undefined = undefined;
  #heldBytes = 0;
  #closeCode = NORMAL_CLOSURE;

  constructor(maxBodyBytes: number) {
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** The code of the close frame for the error that {@link push} has thrown. */
  get closeCode(): number {
    return this.#closeCode;
  }

  /**
   * Reads the next chunk. Stops early when the handler returns false.
   *
   * @throws ProtocolError `ERR_FRAME_TOO_LARGE`, `ERR_MALFORMED_PACKET`. Nothing can be read after an error.
   */
  push(chunk: Buffer, handler: WebSocketFrameHandler): void {
    let at = this.#heldBytes === 0 ? 0 : this.#finishHeld(chunk, handler);
    while (at >= 0 && at < chunk.length) {
      const frameBytes = this.#measure(chunk, at, chunk.length);
      if (chunk.length - at < frameBytes) {
        this.#hold(chunk, at, chunk.length, frameBytes);
        return;
      }
      at = this.#handle(chunk, at, at + frameBytes, handler) ? at + frameBytes : -1;
    }
  }

  /** Returns the index after the incomplete frame, or -1 if reading must stop. */
  #finishHeld(chunk: Buffer, handler: WebSocketFrameHandler): number {
    let at = 0;
    for (;;) {
      const needed = this.#measure(this.#held ?? chunk, 0, this.#heldBytes);
      const end = Math.min(chunk.length, at + needed - this.#heldBytes);
      this.#hold(chunk, at, end, needed);
      at = end;
      if (this.#heldBytes < needed) return at;
      // Enough to know more about the header, or the whole frame.
      const held = this.#held ?? chunk;
      if (this.#measure(held, 0, needed) > needed) continue;
      this.#held = undefined;
      this.#heldBytes = 0;
      return this.#handle(held, 0, needed, handler) ? at : -1;
    }
  }

  /** Keeps bytes of a frame of which at least `needed` bytes are to come. */
  #hold(chunk: Buffer, start: number, end: number, needed: number): void {
    const total = this.#heldBytes + end - start;
    if (this.#held === undefined || this.#held.length < total) {
      const size = Math.max(total, Math.min(needed, Math.max(FIRST_BUFFER_BYTES, 2 * total)));
      const larger = Buffer.allocUnsafeSlow(size);
      this.#held?.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    chunk.copy(this.#held, this.#heldBytes, start, end);
    this.#heldBytes = total;
  }

  /** Returns the length of a frame, or the number of its bytes that are needed to know more. */
  #measure(bytes: Buffer, start: number, end: number): number {
    const available = end - start;
    if (available < 2) return 2;
    const first = bytes[start] ?? 0;
    const second = bytes[start + 1] ?? 0;
    this.#checkHeader(first, second);
    let length = second & 0x7f;
    if (length === 126) {
      if (available < 4) return 4;
      length = bytes.readUInt16BE(start + 2);
    } else if (length === 127) {
      if (available < 10) return 10;
      length = bytes.readUInt32BE(start + 2) * 2 ** 32 + bytes.readUInt32BE(start + 6);
    }
    if (length > this.#maxBodyBytes && (first & 0x0f) === TEXT) {
      this.#closeCode = TOO_LARGE;
      const text = `a message has ${length} bytes, the limit is ${this.#maxBodyBytes}`;
      throw new ProtocolError('ERR_FRAME_TOO_LARGE', text);
    }
    return headerBytes(second) + length;
  }

  #checkHeader(first: number, second: number): void {
    const opcode = first & 0x0f;
    const isFinal = (first & 0x80) !== 0;
    if ((first & 0x70) !== 0) this.#fail('a frame has reserved bits, none are negotiated');
    if ((second & 0x80) === 0) this.#fail('a frame is not masked');
    switch (opcode) {
      case TEXT:
        if (!isFinal) this.#fail('a message is fragmented', NORMAL_CLOSURE);
        return;
      case CONTINUATION:
        this.#fail('a message is fragmented', NORMAL_CLOSURE);
        break;
      case BINARY:
        this.#fail('a message is binary, allowed is text', NORMAL_CLOSURE);
        break;
      case CLOSE:
      case PING:
      case PONG:
        if (!isFinal || (second & 0x7f) > MAX_CONTROL_BYTES)
          this.#fail(`a control frame is fragmented or longer than ${MAX_CONTROL_BYTES} bytes`);
        return;
      default:
        this.#fail(`a frame has the opcode ${opcode}`);
    }
  }

  #handle(bytes: Buffer, frameStart: number, end: number, handler: WebSocketFrameHandler): boolean {
    const start = frameStart + headerBytes(bytes[frameStart + 1] ?? 0);
    unmask(bytes, start, end);
    const payload: BinaryString = bytes.toString('latin1', start, end);
    switch ((bytes[frameStart] ?? 0) & 0x0f) {
      case TEXT:
        if (!isAscii(payload) && !isUtf8(bytes.subarray(start, end)))
          this.#fail('a text message is not UTF-8', INVALID_TEXT);
        return handler.onText(payload);
      case PING:
        return handler.onPing(payload);
      case CLOSE:
        this.#checkClose(bytes, start, end);
        return handler.onClose(payload);
      default:
        return true;
    }
  }

  #checkClose(bytes: Buffer, start: number, end: number): void {
    if (start === end) return;
    if (end - start < 2 || !isCloseCode(bytes.readUInt16BE(start)))
      this.#fail('a close frame has an invalid code');
    if (!isUtf8(bytes.subarray(start + 2, end)))
      this.#fail('the reason of a close frame is not UTF-8', INVALID_TEXT);
  }

  /** @throws ProtocolError */
  #fail(reason: string, closeCode = WS_PROTOCOL_ERROR): never {
    this.#closeCode = closeCode;
    throw new ProtocolError('ERR_MALFORMED_PACKET', reason);
  }
}

/** The header of a final, unmasked text frame. */
export function textFrameHeader(length: number): BinaryString {
  if (length < 126) return String.fromCharCode(0x81, length);
  if (length < 0x10000) return String.fromCharCode(0x81, 126, length >> 8, length & 0xff);
  const [a, b, c, d] = [length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff];
  return String.fromCharCode(0x81, 127, 0, 0, 0, 0, a, b, c, d);
}

/** A pong with the data of a ping. */
export function pongFrame(data: BinaryString): BinaryString {
  return String.fromCharCode(0x80 | PONG, data.length) + data;
}

/** A close frame with the payload of the peer's. */
export function closeFrame(payload: BinaryString): BinaryString {
  return String.fromCharCode(0x80 | CLOSE, payload.length) + payload;
}

/** The payload of a close frame. `reason`: ASCII, at most 123 characters. */
export function closePayload(code: number, reason: string): BinaryString {
  return String.fromCharCode(code >> 8, code & 0xff) + reason;
}

/** The size of a masked frame's header, from its second byte. */
function headerBytes(second: number): number {
  const length = second & 0x7f;
  return (length === 127 ? 10 : length === 126 ? 4 : 2) + MASK_BYTES;
}

/** Unmasks a payload in place. The mask precedes it. */
function unmask(bytes: Buffer, start: number, end: number): void {
  const a = bytes[start - 4] ?? 0;
  const b = bytes[start - 3] ?? 0;
  const c = bytes[start - 2] ?? 0;
  const d = bytes[start - 1] ?? 0;
  let at = start;
  for (; at + 3 < end; at += 4) {
    bytes[at] = (bytes[at] ?? 0) ^ a;
    bytes[at + 1] = (bytes[at + 1] ?? 0) ^ b;
    bytes[at + 2] = (bytes[at + 2] ?? 0) ^ c;
    bytes[at + 3] = (bytes[at + 3] ?? 0) ^ d;
  }
  if (at < end) bytes[at] = (bytes[at] ?? 0) ^ a;
  if (at + 1 < end) bytes[at + 1] = (bytes[at + 1] ?? 0) ^ b;
  if (at + 2 < end) bytes[at + 2] = (bytes[at + 2] ?? 0) ^ c;
}

/** @see https://www.rfc-editor.org/rfc/rfc6455#section-7.4 */
function isCloseCode(code: number): boolean {
  const isReserved = code === 1004 || code === 1005 || code === 1006;
  return (code >= 1000 && code <= 1014 && !isReserved) || (code >= 3000 && code <= 4999);
}
