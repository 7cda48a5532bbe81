import { describe, expect, it } from 'vitest';
import { decodeFrameBody } from '../src/decode.js';
import { decodePacket } from '../src/decode-packet.js';
import { encodeFrameBody, encodePacket } from '../src/encode.js';
import { ProtocolError } from '../src/errors.js';
import { fieldsOf, packetWith, thrownBy, utf8 } from './packet-fixture.js';

const CANONICAL = encodePacket(packetWith());

describe('decodeFrameBody', () => {
  it('reads every field', () => {
    const packet = packetWith({ type: 2, typeu: 9, bridge: true, sm: 1795429891064 });
    expect(fieldsOf(decodeFrameBody(encodeFrameBody(packet)))).toEqual(packet);
  });

  it('gives absent fields the defaults of the specification', () => {
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

  it('takes null for absent, as iOS writes it', () => {
    expect(fieldsOf(decodeFrameBody('{"type":2,"fp":null,"from":null,"typeu":null}'))).toEqual(
      fieldsOf(decodeFrameBody('{"type":2}')),
    );
  });

  it('takes numbers and booleans as strings and ids as numbers', () => {
    const packet = decodeFrameBody('{"type":"2","QoS":"true","from":10001,"dataContent":5,"typeu":5.0}');
    expect(fieldsOf(packet)).toMatchObject({ type: 2, QoS: true, from: '10001', dataContent: '5', typeu: 5 });
  });

  it('ignores unknown members, any order and white space', () => {
    const packet = decodeFrameBody(' { "retryCount" : 1, "to":"bob" , "type":2 } ');
    expect(fieldsOf(packet)).toMatchObject({ type: 2, to: 'bob' });
  });

  it('passes over a byte order mark', () => {
    expect(fieldsOf(decodeFrameBody(utf8(`\ufeff${CANONICAL}`)))).toEqual(packetWith());
    expect(fieldsOf(decodeFrameBody(utf8(`\ufeff${CANONICAL.replace('hello', '\\u0068ello')}`)))).toEqual(
      packetWith(),
    );
  });

  it('reads text that is not ASCII, raw, escaped and mixed', () => {
    const frame = CANONICAL.replace('hello', () => 'é\\u00e9你\\u4f60').replace('alice', 'é');
    const packet = decodeFrameBody(utf8(frame));
    expect(packet.dataContent).toBe('éé你你');
    expect(packet.from).toBe('é');
  });

  it('tells an escaped character from a byte of the same number', () => {
    const escaped = decodeFrameBody(utf8(CANONICAL.replace('hello', () => '\\u00c3\\u00a9')));
    expect(escaped.dataContent).toBe('\u00c3\u00a9');
    const raw = decodeFrameBody(utf8(CANONICAL.replace('hello', 'é')));
    expect(raw.dataContent).toBe('é');
  });

  it('reads content that is JSON itself, of any length', () => {
    for (const length of [10, 70_000, 10_000_000]) {
      const content = JSON.stringify({ text: '"'.repeat(length) });
      const packet = decodeFrameBody(CANONICAL.replace('"hello"', () => JSON.stringify(content)));
      expect(packet.dataContent === content).toBe(true);
      expect(packet.from).toBe('alice');
    }
  });

  it.each(['\\"', '\\\\', '\\/', '\\b\\f\\n\\r\\t', '\\u4F60\\ud83d\\ude00', 'é\\u00e9', '\\ud800'])(
    'reads the escapes %s as JSON has them',
    (escapes) => {
      const frame = utf8(CANONICAL.replace('hello', () => `a${escapes}b`));
      expect(decodeFrameBody(frame).dataContent).toBe(JSON.parse(`"a${escapes}b"`));
      expect(decodeFrameBody(frame).body).toBe(frame);
    },
  );

  it.each(['\\x', '\\u12', '\\u12G4'])('refuses content with %s in it', (broken) => {
    const error = thrownBy(() => decodeFrameBody(CANONICAL.replace('hello', () => `a${broken}b`)));
    expect(error).toMatchObject({ code: 'ERR_MALFORMED_PACKET' });
  });

  it.each([0, 1, 3, 5])('reads a packet of type %i as any other', (type) => {
    const packet = packetWith({ type, dataContent: '{"a":1}', to: '0', fp: undefined, QoS: false });
    expect(fieldsOf(decodeFrameBody(encodeFrameBody(packet)))).toEqual(packet);
  });

  it('takes a fingerprint and ids of 256 characters, counted as text', () => {
    const id = '你'.repeat(256);
    expect(decodeFrameBody(encodeFrameBody(packetWith({ from: id, fp: id }))).from).toBe(id);
  });

  it.each(['from', 'to', 'fp'])('refuses a field %s of 257 characters', (field) => {
    const body = encodeFrameBody(packetWith({ [field]: 'x'.repeat(257) }));
    const error = thrownBy(() => decodeFrameBody(body));
    expect(error).toMatchObject({
      code: 'ERR_INVALID_FIELD',
      message: `field ${field} has 257 characters, allowed are 256`,
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
  ])('refuses %s', (_name, frame, code) => {
    const error = thrownBy(() => decodeFrameBody(frame));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ code });
  });

  it('never quotes content in its errors', () => {
    const error = thrownBy(() => decodeFrameBody('{"type":"geheim-typ","dataContent":"geheim"'));
    expect(String(error)).not.toContain('geheim');
  });
});

describe('the body that is passed on', () => {
  it('is the received string itself when it is canonical', () => {
    expect(decodeFrameBody(CANONICAL).body).toBe(CANONICAL);
  });

  it('keeps the escapes that the sender chose for the content', () => {
    const frame = CANONICAL.replace('hello', () => '\\u003c\\u4f60\\"\\/');
    expect(decodeFrameBody(frame).body).toBe(frame);
  });

  it('keeps content that is not ASCII as the bytes that came', () => {
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
  ])('is written anew where the frame held %s', (_name, frame) => {
    expect(decodeFrameBody(frame).body).toBe(CANONICAL);
  });

  it('is written anew from the last of two contents, which is the one that was read', () => {
    const frame = CANONICAL.replace('"dataContent":"hello"', '"dataContent":"first","dataContent":"hello"');
    expect(decodeFrameBody(frame).body).toBe(CANONICAL);
  });

  it('holds an id that is the beginning of another member as an id', () => {
    const packet = packetWith({ from: 'alice","to":"boss' });
    const received = decodeFrameBody(encodeFrameBody(packet));
    expect(fieldsOf(decodeFrameBody(received.body))).toEqual(packet);
  });
});

describe('decodePacket', () => {
  it('reads a packet from text', () => {
    const packet = packetWith({ dataContent: '你好 😀', from: 'é' });
    expect(fieldsOf(decodePacket(encodePacket(packet)))).toEqual(packet);
  });

  it('refuses ids that are too long', () => {
    const packet = packetWith({ to: 'x'.repeat(257) });
    expect(thrownBy(() => decodePacket(encodePacket(packet)))).toMatchObject({ code: 'ERR_INVALID_FIELD' });
  });

  it('passes over a byte order mark', () => {
    expect(fieldsOf(decodePacket(`\ufeff${CANONICAL}`))).toEqual(packetWith());
  });

  it('refuses an empty text', () => {
    expect(thrownBy(() => decodePacket(''))).toMatchObject({ code: 'ERR_EMPTY_FRAME' });
  });
});
