import { describe, expect, it } from 'vitest';
import { decodeUtf8, encodeUtf8, isAscii } from '../src/binary-string.js';

const binary = (...bytes: number[]) => String.fromCharCode(...bytes);

describe('isAscii', () => {
  it('accepts all characters below U+0080', () => {
    expect(isAscii('\u0000 ~\u007f')).toBe(true);
  });

  it('does not accept U+0080', () => {
    expect(isAscii('abc\u0080')).toBe(false);
  });
});

describe('encodeUtf8', () => {
  it('leaves ASCII as it is', () => {
    expect(encodeUtf8('{"a":1}')).toBe('{"a":1}');
  });

  it('encodes characters of two, three and four bytes', () => {
    expect(encodeUtf8('\u00e9')).toBe(binary(0xc3, 0xa9));
    expect(encodeUtf8('\u4f60')).toBe(binary(0xe4, 0xbd, 0xa0));
    expect(encodeUtf8('\u{1f600}')).toBe(binary(0xf0, 0x9f, 0x98, 0x80));
  });

  it('encodes the first and last character of each length like the platform', () => {
    const bounds = '\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}';
    expect(encodeUtf8(bounds)).toBe(Buffer.from(bounds).toString('latin1'));
  });

  it('encodes a lone surrogate as U+FFFD', () => {
    expect(encodeUtf8('a\ud83dz')).toBe(`a${binary(0xef, 0xbf, 0xbd)}z`);
    expect(encodeUtf8('\udc00')).toBe(binary(0xef, 0xbf, 0xbd));
  });
});

describe('decodeUtf8', () => {
  it('leaves ASCII as it is', () => {
    expect(decodeUtf8('plain')).toBe('plain');
  });

  it('decodes characters of two, three and four bytes', () => {
    expect(decodeUtf8(binary(0xc3, 0xa9, 0xe4, 0xbd, 0xa0, 0xf0, 0x9f, 0x98, 0x80))).toBe('\u00e9你😀');
  });

  it('keeps a byte order mark', () => {
    expect(decodeUtf8(binary(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa');
  });

  it.each([
    ['a continuation without a lead', [0x80, 0x61]],
    ['a lead at the end', [0x61, 0xc3]],
    ['a lead that another lead follows', [0xe4, 0xc3, 0xa9]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['an overlong character of three bytes', [0xe0, 0x80, 0x80]],
    ['an encoded surrogate', [0xed, 0xa0, 0x80]],
    ['a character above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['a character cut off after three of four bytes', [0xf0, 0x9f, 0x98]],
    ['bytes that UTF-8 never uses', [0xff, 0xfe, 0xf5]],
  ])('decodes %s like the platform', (_name, bytes) => {
    expect(decodeUtf8(binary(...bytes))).toBe(new TextDecoder().decode(Uint8Array.from(bytes)));
  });
});
