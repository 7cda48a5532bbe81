import { describe, expect, it } from 'vitest';
import { encodeFrameBody, encodePacket } from '../src/encode.js';
import { packetWith, utf8 } from './packet-fixture.js';

describe('encodePacket', () => {
  it('writes the fields in wire order', () => {
    expect(encodePacket(packetWith({ typeu: 9, sm: 5, bridge: true }))).toBe(
      '{"bridge":true,"type":2,"dataContent":"hello","from":"alice","to":"bob","fp":"fp-1","QoS":true,"typeu":9,"sm":5}',
    );
  });

  it('omits absent strings and always writes numbers and booleans', () => {
    const bare = packetWith({
      dataContent: undefined,
      from: undefined,
      to: undefined,
      fp: undefined,
      QoS: false,
    });
    expect(encodePacket(bare)).toBe('{"bridge":false,"type":2,"QoS":false,"typeu":-1,"sm":-1}');
  });

  it('writes an empty string, which is not the same as an absent one', () => {
    expect(encodePacket(packetWith({ dataContent: '' }))).toContain('"dataContent":"",');
  });

  it('escapes quotes, backslashes and control characters', () => {
    expect(encodePacket(packetWith({ dataContent: 'a"b\\c\n' }))).toContain('"dataContent":"a\\"b\\\\c\\n"');
  });
});

describe('encodeFrameBody', () => {
  it('encodes the text as UTF-8', () => {
    const packet = packetWith({ dataContent: '你好 😀', from: 'é' });
    expect(encodeFrameBody(packet)).toBe(utf8(encodePacket(packet)));
  });
});
