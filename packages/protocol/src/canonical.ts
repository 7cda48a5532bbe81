import { encodePacket } from './encode.js';
import type { Packet } from './packet.js';

/**
 * Returns whether `text`, from which `packet` was decoded, is the canonical encoding of `packet`: the fields in wire
 * order, each once, and nothing else. Only then may the received bytes be forwarded instead of a new encoding.
 *
 * The content is compared by position, not by value, so any escapes are allowed in it. Ids that need escapes are not
 * canonical. `hasEscapes`: whether `text` contains a backslash.
 */
export function isCanonical(text: string, packet: Packet, hasEscapes: boolean): boolean {
  const { dataContent, from, to, fp } = packet;
  if (dataContent === undefined || from === undefined || to === undefined)
    return encodePacket(packet) === text;
  const head = headOf(packet);
  if (!text.startsWith(head)) return false;
  let at = hasEscapes ? endOfString(text, head.length) : head.length + dataContent.length;
  if (at < 0 || !text.startsWith('","from":"', at)) return false;
  at += 10;
  if (!text.startsWith(from, at)) return false;
  at += from.length;
  if (!text.startsWith('","to":"', at)) return false;
  at += 8;
  if (!text.startsWith(to, at)) return false;
  at += to.length;
  if (fp !== undefined) {
    if (!text.startsWith('","fp":"', at)) return false;
    at += 8;
    if (!text.startsWith(fp, at)) return false;
    at += fp.length;
  }
  const tail = tailOf(packet);
  return text.length === at + tail.length && text.startsWith(tail, at);
}

/** The part before the content. */
function headOf(packet: Packet): string {
  return `{"bridge":${packet.bridge},"type":${packet.type},"dataContent":"`;
}

/** The part after the last id, starting with its closing quote. */
function tailOf(packet: Packet): string {
  return `","QoS":${packet.QoS},"typeu":${packet.typeu},"sm":${packet.sm}}`;
}

/** Returns the index of the quote that ends the string starting at `start`, or -1. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote;
  }
  return -1;
}

const BACKSLASH = 0x5c;
