import { describe, expect, it } from 'vitest';
import { decodeFrameBody } from '../src/decode.js';
import { decodePacket } from '../src/decode-packet.js';
import { encodeFrameBody, encodePacket } from '../src/encode.js';
import { ProtocolError } from '../src/errors.js';
import { fieldsOf, packetWith, thrownBy, utf8 } from './packet-fixture.js';

const CANONICAL = encodePacket(packetWith());

describe('decodeFrameBody', () => {
  it('decodes every field', () => {
    const packet = packetWith({ type: 2, typeu: 9, bridge: true, sm: 1795429891064 });
    expect(fieldsOf(decodeFrameBody(encodeFrameBody(packet)))).toEqual(packet);
  });

  it('uses the defaults of the specification for absent fields', () => {
    expect(fieldsOf(decodeFrameBody('{}'))).toEqual({
      type: 0,
      dataContent: undefined,
      from: undefined,
      to: undefined,
      fp: undefined,
      QoS: false,
      typeu: 0,
      bridge: false,
      sm: 0,
    });
  });

  it('treats null as absent, as iOS clients write it', () => {
    expect(fieldsOf(decodeFrameBody('{"type":2,"fp":null,"from":null,"typeu":null}'))).toEqual(
      fieldsOf(decodeFrameBody('{"type":2}')),
    );
  });

  it('accepts numbers and booleans as strings, and ids as numbers', () => {
    const packet = decodeFrameBody('{"type":"2","QoS":"true","from":10001,"dataContent":5,"typeu":5.0}');
    expect(fieldsOf(packet)).toMatchObject({ type: 2, QoS: true, from: '10001', dataContent: '5', typeu: 5 });
  });

  it('accepts unknown members, any order and white space', () => {
    const packet = decodeFrameBody(' { "retryCount" : 1, "to":"bob" , "type":2 } ');
    expect(fieldsOf(packet)).toMatchObject({ type: 2, to: 'bob' });
  });

  it('ignores a byte order mark', () => {
    expect(fieldsOf(decodeFrameBody(utf8(`\ufeff${CANONICAL}`)))).toEqual(packetWith());
    expect(fieldsOf(decodeFrameBody(utf8(`\ufeff${CANONICAL.replace('hello', '\\u0068ello')}`)))).toEqual(
      packetWith(),
    );
  });

  it('decodes text that is not ASCII: raw, escaped and mixed', () => {
    const frame = CANONICAL.replace('hello', () => 'é\\u00e9你\\u4f60').replace('alice', 'é');
    const packet = decodeFrameBody(utf8(frame));
    expect(packet.dataContent).toBe('éé你你');
    expect(packet.from).toBe('é');
  });

  it('distinguishes an escaped character from a byte with the same code', () => {
    const escaped = decodeFrameBody(utf8(CANONICAL.replace('hello', () => '\\u00c3\\u00a9')));
    expect(escaped.dataContent).toBe('\u00c3\u00a9');
    const raw = decodeFrameBody(utf8(CANONICAL.replace('hello', 'é')));
    expect(raw.dataContent).toBe('é');
  });

  it('decodes content of any length that is JSON itself', () => {
    for (const length of [10, 70_000, 10_000_000]) {
      const content = JSON.stringify({ text: '"'.repeat(length) });
      const packet = decodeFrameBody(CANONICAL.replace('"hello"', () => JSON.stringify(content)));
      expect(packet.dataContent === content).toBe(true);
      expect(packet.from).toBe('alice');
    }
  });

  it.each(['\\"', '\\\\', '\\/', '\\b\\f\\n\\r\\t', '\\u4F60\\ud83d\\ude00', 'é\\u00e9', '\\ud800'])(
    'decodes the escapes %s as JSON defines them',
    (escapes) => {
      const frame = utf8(CANONICAL.replace('hello', () => `a${escapes}b`));
      expect(decodeFrameBody(frame).dataContent).toBe(JSON.parse(`"a${escapes}b"`));
      expect(decodeFrameBody(frame).body).toBe(frame);
    },
  );

  it.each(['\\x', '\\u12', '\\u12G4'])('rejects content that contains %s', (broken) => {
    const error = thrownBy(() => decodeFrameBody(CANONICAL.replace('hello', () => `a${broken}b`)));
    expect(error).toMatchObject({ code: 'ERR_MALFORMED_PACKET' });
  });

  it.each([0, 1, 3, 5])('decodes a packet of type %i', (type) => {
    const packet = packetWith({ type, dataContent: '{"a":1}', to: '0', fp: undefined, QoS: false });
    expect(fieldsOf(decodeFrameBody(encodeFrameBody(packet)))).toEqual(packet);
  });

  it('accepts a fingerprint and ids of 256 characters, counted in UTF-16 units', () => {
    const id = '你'.repeat(256);
    expect(decodeFrameBody(encodeFrameBody(packetWith({ from: id, fp: id }))).from).toBe(id);
  });

  it.each(['from', 'to', 'fp'])('rejects a field %s of 257 characters', (field) => {
    const body = encodeFrameBody(packetWith({ [field]: 'x'.repeat(257) }));
    const error = thrownBy(() => decodeFrameBody(body));
    expect(error).toMatchObject({
      code: 'ERR_INVALID_FIELD',
      message: `field ${field} has 257 characters, the limit is 256`,
    });
  });

  it.each([
    ['nothing', '', 'ERR_EMPTY_FRAME'],
    ['text that is not JSON', 'hello', 'ERR_MALFORMED_PACKET'],
    ['half a packet', CANONICAL.slice(0, -5), 'ERR_MALFORMED_PACKET'],
    ['a packet with something behind it', `${CANONICAL}x`, 'ERR_MALFORMED_PACKET'],
    ['two packets', CANONICAL + CANONICAL, 'ERR_MALFORMED_PACKET'],
    ['a list', '[]', 'ERR_MALFORMED_PACKET'],
    ['null', 'null', 'ERR_MALFORMED_PACKET'],
    ['a type that is no number', '{"type":"data"}', 'ERR_INVALID_FIELD'],
    ['a type beyond 32 bits', '{"type":2147483648}', 'ERR_INVALID_FIELD'],
    ['a typeu beyond 32 bits', '{"typeu":-2147483649}', 'ERR_INVALID_FIELD'],
    ['a time that no number can hold', '{"sm":1e400}', 'ERR_INVALID_FIELD'],
    ['an object for an id', '{"from":{}}', 'ERR_INVALID_FIELD'],
    ['a list for the content', '{"dataContent":[]}', 'ERR_INVALID_FIELD'],
  ])('rejects %s', (_name, frame, code) => {
    const error = thrownBy(() => decodeFrameBody(frame));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ code });
  });

  it('never includes content in error messages', () => {
    const error = thrownBy(() => decodeFrameBody('{"type":"geheim-typ","dataContent":"geheim"'));
    expect(String(error)).not.toContain('geheim');
  });
});

describe('the body that is forwarded', () => {
  it('is the received string if it is canonical', () => {
    expect(decodeFrameBody(CANONICAL).body).toBe(CANONICAL);
  });

  it('keeps the escapes of the content', () => {
    const frame = CANONICAL.replace('hello', () => '\\u003c\\u4f60\\"\\/');
    expect(decodeFrameBody(frame).body).toBe(frame);
  });

  it('keeps the received bytes of content that is not ASCII', () => {
    const frame = utf8(CANONICAL.replace('hello', '你好 😀').replace('alice', 'é'));
    expect(decodeFrameBody(frame).body).toBe(frame);
  });

  it.each([
    ['a second sender', CANONICAL.replace('"from":"alice"', '"from":"boss","from":"alice"')],
    ['a second sender behind the end', CANONICAL.replace('}', ',"from":"alice"}')],
    ['an unknown member', CANONICAL.replace('}', ',"retryCount":1}')],
    ['a byte order mark', `\u00ef\u00bb\u00bf${CANONICAL}`],
    ['white space', `${CANONICAL} `],
    ['an escape in an id', CANONICAL.replace('alice', () => '\\u0061lice')],
    ['an escaped name', CANONICAL.replace('"from"', () => '"\\u0066rom"')],
    ['a number in quotes', CANONICAL.replace('"sm":-1', '"sm":"-1"')],
  ])('is a new encoding if the frame contained %s', (_name, frame) => {
    expect(decodeFrameBody(frame).body).toBe(CANONICAL);
  });

  it('is a new encoding with the last of two contents, which is the decoded one', () => {
    const frame = CANONICAL.replace('"dataContent":"hello"', '"dataContent":"first","dataContent":"hello"');
    expect(decodeFrameBody(frame).body).toBe(CANONICAL);
  });

  it('keeps an id that looks like the beginning of another member', () => {
    const packet = packetWith({ from: 'alice","to":"boss' });
    const received = decodeFrameBody(encodeFrameBody(packet));
    expect(fieldsOf(decodeFrameBody(received.body))).toEqual(packet);
  });
});

describe('decodePacket', () => {
  it('decodes a packet from text', () => {
    const packet = packetWith({ dataContent: '你好 😀', from: 'é' });
    expect(fieldsOf(decodePacket(encodePacket(packet)))).toEqual(packet);
  });

  it('rejects ids that are too long', () => {
    const packet = packetWith({ to: 'x'.repeat(257) });
    expect(thrownBy(() => decodePacket(encodePacket(packet)))).toMatchObject({ code: 'ERR_INVALID_FIELD' });
  });

  it('ignores a byte order mark', () => {
    expect(fieldsOf(decodePacket(`\ufeff${CANONICAL}`))).toEqual(packetWith());
  });

  it('rejects an empty text', () => {
    expect(thrownBy(() => decodePacket(''))).toMatchObject({ code: 'ERR_EMPTY_FRAME' });
  });
});
