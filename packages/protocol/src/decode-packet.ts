import type { Packet } from './packet.js';
import { checkId, emptyFrame, readFields } from './packet-fields.js';

/**
 * Reads a packet from text, as a browser's WebSocket delivers it. Apart from what reads frames, for it is part of the
 * programs that must be small.
 *
 * @throws ProtocolError as `decodeFrameBody`
 */
export function decodePacket(text: string): Packet {
  if (text.length === 0) throw emptyFrame();
  // Some peers write the mark that text files begin with.
  const { packet } = readFields(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  checkId('from', packet.from);
  checkId('to', packet.to);
  checkId('fp', packet.fp);
  return packet;
}
