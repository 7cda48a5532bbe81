import { type BinaryString, decodeUtf8, isAscii, isUtf8, REPLACEMENT } from './binary-string.js';
import { isCanonical } from './canonical.js';
import { ProtocolError } from './errors.js';
import { isWellFormed, type Packet } from './packet.js';
import { checkId, emptyFrame, readFields } from './packet-fields.js';
import { type ExtensionUse, readCanonical } from './read-canonical.js';
import { ReceivedPacket } from './received-packet.js';

const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';

/**
 * Decodes a frame body.
 *
 * @param extension `keep`: the packet has its member `x`. Only for sessions that have negotiated the extension. Default:
 *   `drop`, because nobody else needs `x`, and the peer decides how much memory it takes.
 * @throws ProtocolError `ERR_EMPTY_FRAME`, `ERR_MALFORMED_PACKET`, `ERR_INVALID_FIELD`. Throws no other error.
 * @see docs/protocol/SPEC.md#2-the-packet
 */
export function decodeFrameBody(body: BinaryString, extension: ExtensionUse = 'drop'): ReceivedPacket {
  if (body.length === 0) throw emptyFrame();
  const canonical = readCanonical(body, extension);
  if (canonical !== undefined) return canonical;
  // An escape \uXXXX may yield a character that looks like a byte, so such a body is decoded from UTF-8 first.
  const hasEscapes = body.includes('\\');
  if (hasEscapes && body.includes('\\u')) return read(decodeUtf8(body), false, body, true, extension);
  return read(body, true, body, hasEscapes, extension);
}

function read(
  text: string,
  isBinary: boolean,
  body: BinaryString,
  hasEscapes: boolean,
  extension: ExtensionUse,
): ReceivedPacket {
  const packet = readFields(withoutByteOrderMark(text, isBinary));
  const canonicalBody = isCanonical(text, packet, hasEscapes) ? body : undefined;
  const textForm = packet.dataContent?.includes(REPLACEMENT) && !isUtf8(body) ? 'replaced' : 'text';
  return new ReceivedPacket(
    packet.type,
    packet.dataContent,
    isBinary ? (hasEscapes ? 'unescaped' : 'bytes') : textForm,
    id('from', packet.from, isBinary, body),
    id('to', packet.to, isBinary, body),
    id('fp', packet.fp, isBinary, body),
    packet.QoS,
    packet.typeu,
    packet.bridge,
    packet.sm,
    extension === 'keep' ? extensionOf(packet, text, isBinary) : undefined,
    canonicalBody,
  );
}

/** The member `x` of a packet. If it was parsed from UTF-8 bytes, its texts are decoded. */
function extensionOf({ x }: Packet, text: string, isBinary: boolean): unknown {
  return x === undefined || !isBinary || isAscii(text) ? x : readFields(decodeUtf8(text)).x;
}

/**
 * Decodes an id. What is not Unicode is rejected, bytes that are not UTF-8 as well as lone surrogates: where U+FFFD takes
 * its place, as in a store, different ids become the same id.
 */
function id(
  field: string,
  raw: string | undefined,
  isBinary: boolean,
  body: BinaryString,
): string | undefined {
  if (raw === undefined) return undefined;
  const text = isBinary ? decodeUtf8(raw) : raw;
  if (!isWellFormed(text) || (text.includes(REPLACEMENT) && !isUtf8(isBinary ? raw : body)))
    throw new ProtocolError('ERR_INVALID_FIELD', `field ${field} is not valid Unicode text`);
  return checkId(field, text);
}

/** Some peers write a byte order mark. */
function withoutByteOrderMark(text: string, isBinary: boolean): string {
  if (isBinary) return text.charCodeAt(0) === 0xef && text.startsWith(BYTE_ORDER_MARK) ? text.slice(3) : text;
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
