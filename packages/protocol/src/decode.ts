import { type BinaryString, decodeUtf8 } from './binary-string.js';
import { isCanonical } from './canonical.js';
import { toBoolean, toInteger, toObject, toText } from './coerce.js';
import { ProtocolError } from './errors.js';
import { MAX_ID_LENGTH, type Packet } from './packet.js';
import { readCanonical } from './read-canonical.js';
import { ReceivedPacket } from './received-packet.js';

const INT32_MIN = -0x80000000;
const INT32_MAX = 0x7fffffff;
const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';

/**
 * Reads a frame body.
 *
 * @throws ProtocolError `ERR_EMPTY_FRAME`, `ERR_MALFORMED_PACKET`, `ERR_INVALID_FIELD`, and nothing else.
 * @see docs/protocol/SPEC.md#2-the-packet
 */
export function decodeFrameBody(body: BinaryString): ReceivedPacket {
  if (body.length === 0) throw new ProtocolError('ERR_EMPTY_FRAME', 'a frame has no body');
  const canonical = readCanonical(body);
  if (canonical !== undefined) return canonical;
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
  const packet: Packet = {
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
  return new ReceivedPacket(
    packet.type,
    packet.dataContent,
    isBinary,
    id('from', packet.from, isBinary),
    id('to', packet.to, isBinary),
    id('fp', packet.fp, isBinary),
    packet.QoS,
    packet.typeu,
    packet.bridge,
    packet.sm,
    canonicalBody,
  );
}

/** A content that was not a string in the frame must be written anew as one. */
function isText(content: unknown): boolean {
  return content === undefined || typeof content === 'string';
}

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
