import { type BinaryString, encodeUtf8 } from './binary-string.js';
import type { Packet } from './packet.js';

/**
 * Encodes a packet as its canonical JSON text: the fields in wire order, absent strings omitted, numbers and booleans
 * always present.
 *
 * @see docs/protocol/SPEC.md#2-the-packet
 */
export function encodePacket(packet: Packet): string {
  return `{"bridge":${packet.bridge},"type":${packet.type}${member('dataContent', packet.dataContent)}${member(
    'from',
    packet.from,
  )}${member('to', packet.to)}${member('fp', packet.fp)},"QoS":${packet.QoS},"typeu":${packet.typeu},"sm":${packet.sm}}`;
}

/** Encodes a packet as the UTF-8 body of a frame. */
export function encodeFrameBody(packet: Packet): BinaryString {
  return encodeUtf8(encodePacket(packet));
}

function member(name: string, value: string | undefined): string {
  return value === undefined ? '' : `,"${name}":${quote(value)}`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON must escape them.
const MAY_NEED_ESCAPES = /["\\\x00-\x1f\ud800-\udfff]/;

/** Like `JSON.stringify`, in a third of the time if there is nothing to escape. */
function quote(value: string): string {
  return MAY_NEED_ESCAPES.test(value) ? JSON.stringify(value) : `"${value}"`;
}
