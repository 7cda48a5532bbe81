import type { BinaryString } from './binary-string.js';

/** Length of `{"bridge":false,"type":2,"dataContent":"`, with which the frame body of a message starts. */
const HEAD_LENGTH = 40;

/** Up to this length all characters of a content count. Beyond it: the first, the last, and some in between. */
const WHOLE = 160;
const FIRST = 64;
const LAST = 64;
/** Pairs of characters. */
const BETWEEN = 16;

/**
 * Returns a digest of the content of a canonical frame body, a 32-bit number other than 0. It tells copies of a message from
 * another message with the same fingerprint. `sm`, which the server may set, does not count.
 *
 * Of a content of more than 160 characters it reads 160, so that its time is bounded; two such contents of equal length
 * that differ only elsewhere have the same digest.
 */
export function contentDigest(body: BinaryString): number {
  // From the end, because it is near; no string of a JSON text contains it.
  const end = body.lastIndexOf('","from":"');
  if (end >= HEAD_LENGTH) return textDigest(body, HEAD_LENGTH, end);
  // A message without content or sender, or what is not a frame body.
  const tail = body.lastIndexOf(',"sm":');
  return textDigest(body, 0, tail < 0 ? body.length : tail);
}

/** The same for a part of a text. */
export function textDigest(text: string, start: number, end: number): number {
  const length = end - start;
  let digest = 0x243f6a88 ^ length;
  if (length <= WHOLE) digest = absorb(digest, text, start, end, 1);
  else {
    const rest = length - FIRST - LAST;
    digest = absorb(digest, text, start, start + FIRST, 1);
    digest = absorb(digest, text, start + FIRST, end - LAST, Math.ceil(rest / (2 * BETWEEN)));
    digest = absorb(digest, text, end - LAST, end, 1);
  }
  digest = Math.imul(digest ^ (digest >>> 16), 0x85ebca6b);
  return digest ^ (digest >>> 13) || 1;
}

/** Two characters per step, every `stride`-th pair. */
function absorb(digest: number, text: string, start: number, end: number, stride: number): number {
  let mixed = digest;
  let at = start;
  const step = 2 * stride;
  for (; at + 1 < end; at += step) {
    mixed = Math.imul(mixed ^ (text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16)), 0x9e3779b1);
    mixed ^= mixed >>> 15;
  }
  if (at < end) {
    mixed = Math.imul(mixed ^ text.charCodeAt(at), 0x9e3779b1);
    mixed ^= mixed >>> 15;
  }
  return mixed;
}
