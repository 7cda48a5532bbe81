import type { Packet } from './packet.js';

/**
 * How many characters of `text` are, from its start, the one canonical writing of `packet`; -1 where it differs.
 *
 * Equal to `text.length` means: fields in the wire's order, each once, nothing else between or behind them. Only
 * then may the received bytes be passed on in place of a packet that was validated. The content is compared by
 * position, not by value, so that any escapes are allowed in it; ids that need escapes count as different.
 */
export function canonicalLength(text: string, packet: Packet): number {
  let at = literal(text, 0, packet.bridge ? '{"bridge":true,"type":' : '{"bridge":false,"type":');
  at = literal(text, at, packet.type === 2 ? '2' : String(packet.type));
  if (packet.dataContent !== undefined) {
    at = literal(text, at, ',"dataContent":"');
    if (at < 0) return -1;
    at = literal(text, endOfString(text, at, packet.dataContent.length), '"');
  }
  if (packet.from !== undefined)
    at = literal(text, literal(text, literal(text, at, ',"from":"'), packet.from), '"');
  if (packet.to !== undefined)
    at = literal(text, literal(text, literal(text, at, ',"to":"'), packet.to), '"');
  if (packet.fp !== undefined)
    at = literal(text, literal(text, literal(text, at, ',"fp":"'), packet.fp), '"');
  at = literal(text, at, packet.QoS ? ',"QoS":true,"typeu":' : ',"QoS":false,"typeu":');
  at = literal(text, at, packet.typeu === -1 ? '-1' : String(packet.typeu));
  at = literal(text, at, ',"sm":');
  at = literal(text, at, packet.sm === -1 ? '-1' : String(packet.sm));
  return literal(text, at, '}');
}

function literal(text: string, at: number, expected: string): number {
  return at >= 0 && text.startsWith(expected, at) ? at + expected.length : -1;
}

/** Index of the quote that ends the string whose first character is at `start`. */
function endOfString(text: string, start: number, unescapedLength: number): number {
  const end = start + unescapedLength;
  if (text.charCodeAt(end) === QUOTE && !text.slice(start, end).includes('\\')) return end;
  for (let quote = text.indexOf('"', start); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote;
  }
  return -1;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
