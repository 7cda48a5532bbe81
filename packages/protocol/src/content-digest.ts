import type { BinaryString } from './binary-string.js';

/** With one of these the frame body of a message starts. */
const HEAD_LENGTH = '{"bridge":false,"type":2,"dataContent":"'.length;
const BRIDGE_HEAD_LENGTH = '{"bridge":true,"type":2,"dataContent":"'.length;
/** Where `true` or `false` begins in them, and the code of `t`. */
const BRIDGE_AT = '{"bridge":'.length;
const CODE_OF_T = 0x74;

/** Up to this length all characters of a content count. Beyond it: the first, the last, and some in between. */
const WHOLE = 80;
const FIRST = 16;
const LAST = 48;
/** Groups of four characters. */
const BETWEEN = 4;

/**
 * Returns a digest of the content of a canonical frame body, a 32-bit number other than 0. It tells copies of a message from
 * another message with the same fingerprint. `sm`, which the server may set, does not count.
 *
 * Of a content of more than 80 characters it reads 80, so that its time is bounded (each message pays it); two such contents
 * of equal length that differ only elsewhere have the same digest.
 *
 * `length`: the length of the content in the body, if it is known. Then its end need not be searched.
 */
export function contentDigest(body: BinaryString, length?: number): number {
  const start = body.charCodeAt(BRIDGE_AT) === CODE_OF_T ? BRIDGE_HEAD_LENGTH : HEAD_LENGTH;
  if (length !== undefined) return textDigest(body, start, start + length);
  // From the end, because it is near; no string of a JSON text contains it.
  const end = body.lastIndexOf('","from":"');
  if (end >= start) return textDigest(body, start, end);
  // A message without content or sender, or what is not a frame body.
  const tail = body.lastIndexOf(',"sm":');
  return textDigest(body, 0, tail < 0 ? body.length : tail);
}

function textDigest(text: string, start: number, end: number): number {
  const length = end - start;
  let digest = 0x243f6a88 ^ length;
  if (length <= WHOLE) digest = absorb(digest, text, start, end, 1);
  else {
    const rest = length - FIRST - LAST;
    digest = absorb(digest, text, start, start + FIRST, 1);
    digest = absorb(digest, text, start + FIRST, end - LAST, Math.ceil(rest / (4 * BETWEEN)));
    digest = absorb(digest, text, end - LAST, end, 1);
  }
  digest = Math.imul(digest ^ (digest >>> 16), 0x85ebca6b);
  return digest ^ (digest >>> 13) || 1;
}

/** Four characters per step, every `stride`-th group of four. */
function absorb(digest: number, text: string, start: number, end: number, stride: number): number {
  let mixed = digest;
  let at = start;
  const step = 4 * stride;
  for (; at + 3 < end; at += step) {
    const one = text.charCodeAt(at) ^ (text.charCodeAt(at + 1) << 8);
    const other = text.charCodeAt(at + 2) ^ (text.charCodeAt(at + 3) << 8);
    mixed = Math.imul(mixed ^ one ^ (other << 16), 0x9e3779b1);
    mixed ^= mixed >>> 15;
  }
  for (; at < end; at += 1) {
    mixed = Math.imul(mixed ^ text.charCodeAt(at), 0x9e3779b1);
    mixed ^= mixed >>> 15;
  }
  return mixed;
}
