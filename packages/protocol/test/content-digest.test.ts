import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentDigest } from '../src/content-digest.js';
import { decodeFrameBody } from '../src/decode.js';
import { encodeFrameBody } from '../src/encode.js';
import { packetWith } from './packet-fixture.js';

const digestOf = (dataContent: string | undefined, fields = {}) =>
  contentDigest(encodeFrameBody(packetWith({ dataContent, ...fields })));

describe('contentDigest', () => {
  it('is the same for all copies of a message, whatever the server changes in them', () => {
    expect(digestOf('hello', { sm: 1_700_000_000_000 })).toBe(digestOf('hello'));
    expect(digestOf(undefined, { sm: 5 })).toBe(digestOf(undefined));
    expect(decodeFrameBody(encodeFrameBody(packetWith())).contentDigest).toBe(digestOf('hello'));
  });

  it('is the same whether the content was read before or not', () => {
    for (const content of ['', 'hello', 'x'.repeat(300), '{"a":"b"}', '用户 😀', 'line\nline']) {
      for (const from of ['alice', '用户']) {
        const packet = decodeFrameBody(encodeFrameBody(packetWith({ dataContent: content, from })));
        const before = packet.contentDigest;
        expect(packet.dataContent).toBe(content);
        expect([before, packet.contentDigest]).toEqual([digestOf(content), digestOf(content)]);
      }
    }
  });

  it('is the same for two copies that are not canonical', () => {
    const frame = '{"type":2,"retryCount":0,"dataContent":"hello","to":"bob","fp":"1","QoS":true}';
    const copy = frame.replace('"retryCount":0', '"retryCount":1');
    expect(decodeFrameBody(copy).contentDigest).toBe(decodeFrameBody(frame).contentDigest);
    expect(decodeFrameBody(copy.replace('hello', 'hallo')).contentDigest).not.toBe(
      decodeFrameBody(frame).contentDigest,
    );
  });

  it('is the same for a copy that is not canonical, whether or not its body or its text was read before', () => {
    const frame =
      '{"type":2,"from":"a","to":"b","fp":"1","QoS":true,"dataContent":"{\\"text\\":\\"用户\\"}"}';
    const body = Buffer.from(frame).toString('latin1');
    const [first, second, third] = [decodeFrameBody(body), decodeFrameBody(body), decodeFrameBody(body)];
    expect(second.body).toBeTruthy();
    expect(third.dataContent).toBe('{"text":"用户"}');
    expect(second.contentDigest).toBe(first.contentDigest);
    expect(third.contentDigest).toBe(first.contentDigest);
    expect(decodeFrameBody(second.body).contentDigest).toBe(first.contentDigest);
  });

  it.each([{}, { from: undefined }, { dataContent: undefined }, { bridge: true }, { dataContent: '"用户"' }])(
    'is that of the body for a canonical packet with %j, also when its text was read before',
    (fields) => {
      const body = encodeFrameBody(packetWith(fields));
      const [packet, read] = [decodeFrameBody(body), decodeFrameBody(body)];
      expect(read.dataContent).toBe(packetWith(fields).dataContent);
      expect(packet.contentDigest).toBe(contentDigest(body));
      expect(read.contentDigest).toBe(contentDigest(body));
    },
  );

  it('is a number other than 0, also without content', () => {
    for (const content of [undefined, '', 'x', '用户'])
      expect(digestOf(content)).toSatisfy((digest: number) => (digest | 0) === digest && digest !== 0);
    expect(contentDigest('17')).not.toBe(contentDigest('18'));
  });

  it('differs for any two contents of up to 80 bytes', () => {
    const content = fc.string({ unit: 'grapheme', maxLength: 20 });
    fc.assert(
      fc.property(content, content, (one, other) => {
        expect(digestOf(one) === digestOf(other)).toBe(one === other);
        expect(digestOf(one, { bridge: true }) === digestOf(other, { bridge: true })).toBe(one === other);
      }),
      { numRuns: 10_000 },
    );
  });

  it('differs for two contents of one character in a message of a bridge', () => {
    expect(digestOf('1', { bridge: true })).not.toBe(digestOf('2', { bridge: true }));
    expect(digestOf('1', { bridge: true })).toBe(digestOf('1'));
  });

  it('differs for counters at the start, at the end and in the middle of short and long contents', () => {
    for (const filler of [0, 50, 100, 2000]) {
      const texts = Array.from({ length: 1000 }, (_, n) => [
        `${n}${'x'.repeat(filler)}`,
        `${'x'.repeat(filler)}${n}`,
        `${'x'.repeat(filler)}, number ${n} of many, ${'x'.repeat(30)}`,
      ]).flat();
      const unique = new Set(texts);
      expect(new Set([...unique].map((text) => digestOf(text))).size).toBe(unique.size);
    }
  });

  it('reads a bounded part of a long content', () => {
    const text = 'x'.repeat(100_000);
    const changed = Array.from({ length: 100 }, (_, n) => {
      const at = 10_000 + n * 500 + 7;
      return `${text.slice(0, at)}y${text.slice(at + 1)}`;
    });
    expect(changed.filter((content) => digestOf(content) === digestOf(text)).length).toBeGreaterThan(90);
  });
});
