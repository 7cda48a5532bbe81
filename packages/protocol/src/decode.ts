import { type BinaryString, decodeUtf8 } from './binary-string.js';
import { isCanonical } from './canonical.js';
import { toBoolean, toInteger, toObject, toText } from './coerce.js';
import { encodeFrameBody } from './encode.js';
import { ProtocolError } from './errors.js';
import { MAX_ID_LENGTH, type Packet } from './packet.js';

const INT32_MIN = -0x80000000;
const INT32_MAX = 0x7fffffff;
const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';

/**
 * A packet that was read from a frame, and the bytes that stand for it.
 *
 * `body` is the received frame itself where that is exactly what {@link encodeFrameBody} would write (up to the
 * choice of escapes inside the content), so that a packet passed on costs no second serialisation; otherwise it is
 * written anew. Either way it decodes to this packet and holds nothing else: no second `from`, no unknown member.
 */
export class ReceivedPacket implements Packet {
  readonly type: number;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly fp: string | undefined;
  readonly QoS: boolean;
  readonly typeu: number;
  readonly bridge: boolean;
  readonly sm: number;
  #content: string | undefined;
  #contentIsBinary: boolean;
  #body: BinaryString | undefined;

  constructor(fields: Packet, contentIsBinary: boolean, canonicalBody: BinaryString | undefined) {
    this.type = fields.type;
    this.from = fields.from;
    this.to = fields.to;
    this.fp = fields.fp;
    this.QoS = fields.QoS;
    this.typeu = fields.typeu;
    this.bridge = fields.bridge;
    this.sm = fields.sm;
    this.#content = fields.dataContent;
    this.#contentIsBinary = contentIsBinary;
    this.#body = canonicalBody;
  }

  /** The content as text. Decoded when first asked for: most packets are passed on unread. */
  get dataContent(): string | undefined {
    if (this.#contentIsBinary) {
      this.#contentIsBinary = false;
      if (this.#content !== undefined) this.#content = decodeUtf8(this.#content);
    }
    return this.#content;
  }

  /** The bytes to pass on. */
  get body(): BinaryString {
    this.#body ??= encodeFrameBody(this);
    return this.#body;
  }
}

/**
 * Reads a frame body.
 *
 * @throws ProtocolError `ERR_EMPTY_FRAME`, `ERR_MALFORMED_PACKET`, `ERR_INVALID_FIELD`, and nothing else.
 * @see docs/protocol/SPEC.md#2-the-packet
 */
export function decodeFrameBody(body: BinaryString): ReceivedPacket {
  if (body.length === 0) throw new ProtocolError('ERR_EMPTY_FRAME', 'a frame has no body');
  // An escape \uXXXX yields a character that cannot be told from a byte, so such a body is decoded first.
  const hasEscapes = body.includes('\\');
  if (hasEscapes && body.includes('\\u')) return read(decodeUtf8(body), false, body, true);
  return read(body, true, body, hasEscapes);
}

/**
 * Reads a packet from text, as a browser's WebSocket delivers it.
 *
 * @throws ProtocolError as {@link decodeFrameBody}
 */
export function decodePacket(text: string): ReceivedPacket {
  if (text.length === 0) throw new ProtocolError('ERR_EMPTY_FRAME', 'a frame has no body');
  return read(text, false, undefined, true);
}

function read(
  text: string,
  isBinary: boolean,
  body: BinaryString | undefined,
  hasEscapes: boolean,
): ReceivedPacket {
  const fields = toObject(withoutByteOrderMark(text, isBinary), 'a packet');
  const packet: Mutable<Packet> = {
    type: toInteger('type', fields['type'], 0, INT32_MIN, INT32_MAX),
    dataContent: toText('dataContent', fields['dataContent']),
    from: toText('from', fields['from']),
    to: toText('to', fields['to']),
    fp: toText('fp', fields['fp']),
    QoS: toBoolean('QoS', fields['QoS']),
    typeu: toInteger('typeu', fields['typeu'], 0, INT32_MIN, INT32_MAX),
    bridge: toBoolean('bridge', fields['bridge']),
    sm: toInteger('sm', fields['sm'], 0, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  };
  const canonicalBody =
    body !== undefined && isText(fields['dataContent']) && isCanonical(text, packet, hasEscapes)
      ? body
      : undefined;
  packet.from = id('from', packet.from, isBinary);
  packet.to = id('to', packet.to, isBinary);
  packet.fp = id('fp', packet.fp, isBinary);
  return new ReceivedPacket(packet, isBinary, canonicalBody);
}

/** A content that was not a string in the frame must be written anew as one. */
function isText(content: unknown): boolean {
  return content === undefined || typeof content === 'string';
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

function id(field: string, raw: string | undefined, isBinary: boolean): string | undefined {
  if (raw === undefined) return undefined;
  const value = isBinary ? decodeUtf8(raw) : raw;
  if (value.length > MAX_ID_LENGTH) {
    throw new ProtocolError(
      'ERR_INVALID_FIELD',
      `field ${field} has ${value.length} characters, allowed are ${MAX_ID_LENGTH}`,
    );
  }
  return value;
}

/** Some peers write the mark that text files begin with. */
function withoutByteOrderMark(text: string, isBinary: boolean): string {
  if (isBinary) return text.charCodeAt(0) === 0xef && text.startsWith(BYTE_ORDER_MARK) ? text.slice(3) : text;
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
