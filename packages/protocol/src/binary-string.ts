/**
 * Bytes as a string, one character (U+0000–U+00FF) a byte.
 *
 * The engine keeps such a string in one byte a character, apart from the receive buffer it was cut from, and
 * copies it into an output buffer as fast as a buffer: the cheapest form for a frame that is only passed on.
 */
export type BinaryString = string;

const REPLACEMENT = '\ufffd';

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is a range of codes, not of signs.
const BEYOND_ASCII = /[^\x00-\x7f]/;

/**
 * Tells whether every character is below U+0080, where text and its UTF-8 bytes are the same string. A third of the
 * time that a loop over the codes takes.
 */
export function isAscii(text: string): boolean {
  return !BEYOND_ASCII.test(text);
}

/** The UTF-8 bytes of a text. Lone surrogates become U+FFFD. */
export function encodeUtf8(text: string): BinaryString {
  if (isAscii(text)) return text;
  let bytes = '';
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point < 0x80) bytes += character;
    else if (point < 0x800) bytes += String.fromCharCode(0xc0 | (point >> 6), continuation(point));
    else if (point >= 0xd800 && point < 0xe000) bytes += '\u00ef\u00bf\u00bd';
    else if (point < 0x10000)
      bytes += String.fromCharCode(0xe0 | (point >> 12), continuation(point >> 6), continuation(point));
    else
      bytes += String.fromCharCode(
        0xf0 | (point >> 18),
        continuation(point >> 12),
        continuation(point >> 6),
        continuation(point),
      );
  }
  return bytes;
}

/** The text of UTF-8 bytes. What is not UTF-8 becomes U+FFFD, as every decoder on the web does it. */
export function decodeUtf8(bytes: BinaryString): string {
  if (isAscii(bytes)) return bytes;
  let text = '';
  let i = 0;
  while (i < bytes.length) {
    const lead = bytes.charCodeAt(i);
    i += 1;
    if (lead < 0x80) {
      text += String.fromCharCode(lead);
      continue;
    }
    const needed =
      lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 0;
    if (needed === 0) {
      text += REPLACEMENT;
      continue;
    }
    let point = lead & (0x3f >> needed);
    let taken = 0;
    while (taken < needed && i < bytes.length) {
      const next = bytes.charCodeAt(i);
      if (!continues(lead, taken, next)) break;
      point = (point << 6) | (next & 0x3f);
      taken += 1;
      i += 1;
    }
    text += taken === needed ? String.fromCodePoint(point) : REPLACEMENT;
  }
  return text;
}

function continuation(point: number): number {
  return 0x80 | (point & 0x3f);
}

/** Whether `next` may follow: a continuation byte, and after some leads only part of their range. */
function continues(lead: number, taken: number, next: number): boolean {
  if (next < 0x80 || next > 0xbf) return false;
  if (taken > 0) return true;
  if (lead === 0xe0) return next >= 0xa0;
  if (lead === 0xed) return next < 0xa0;
  if (lead === 0xf0) return next >= 0x90;
  if (lead === 0xf4) return next < 0x90;
  return true;
}
