import type { Packet } from './packet.js';
import { checkId, emptyFrame, readFields } from './packet-fields.js';

/**
 * Decodes a packet from text, as a browser's WebSocket delivers it. Separate from `decodeFrameBody` to keep the browser
 * bundle small. Does not check ids for lone surrogates, which are different texts as long as nothing encodes them.
 *
 * @throws ProtocolError `ERR_EMPTY_FRAME`, `ERR_MALFORMED_PACKET`, `ERR_INVALID_FIELD`
 */
export function decodePacket(text: string): Packet {
  if (text.length === 0) throw emptyFrame();
  // Some peers write a byte order mark.
  const packet = readFields(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  checkId('from', packet.from);
  checkId('to', packet.to);
  checkId('fp', packet.fp);
  return packet;
}
