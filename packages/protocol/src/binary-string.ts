/**
 * Bytes as a string, one character (U+0000–U+00FF) per byte.
 *
 * V8 stores such a string with one byte per character, independent of the receive buffer, and copies it into an output
 * buffer as fast as a `Buffer`. It is the cheapest form for a frame that is only forwarded.
 */
export type BinaryString = string;

/** Stands for bytes that are not UTF-8. */
export const REPLACEMENT = '\ufffd';

// biome-ignore lint/suspicious/noControlCharactersInRegex: a range of code units.
const BEYOND_ASCII = /[^\x00-\x7f]/;

/**
 * Returns whether every character is below U+0080. Such a text equals its UTF-8 bytes as a binary string. The regular
 * expression takes a third of the time of a loop over the code units.
 */
export function isAscii(text: string): boolean {
  return !BEYOND_ASCII.test(text);
}

/** Encodes a text as UTF-8. Lone surrogates become U+FFFD. */
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

/** Decodes UTF-8. Invalid sequences become U+FFFD, as in the WHATWG Encoding Standard. */
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

/** Returns whether bytes are valid UTF-8. */
export function isUtf8(bytes: BinaryString): boolean {
  return encodeUtf8(decodeUtf8(bytes)) === bytes;
}

function continuation(point: number): number {
  return 0x80 | (point & 0x3f);
}

/** Returns whether `next` is a valid continuation byte. After some lead bytes only part of the range is valid. */
function continues(lead: number, taken: number, next: number): boolean {
  if (next < 0x80 || next > 0xbf) return false;
  if (taken > 0) return true;
  if (lead === 0xe0) return next >= 0xa0;
  if (lead === 0xed) return next < 0xa0;
  if (lead === 0xf0) return next >= 0x90;
  if (lead === 0xf4) return next < 0x90;
  return true;
}
