import { describe, expect, it } from 'vitest';
import { isCanonical } from '../src/canonical.js';
import type { Packet } from '../src/packet.js';
import { packetWith } from './packet-fixture.js';

const packet = packetWith();
const CANONICAL =
  '{"bridge":false,"type":2,"dataContent":"hello","from":"alice","to":"bob","fp":"fp-1","QoS":true,"typeu":-1,"sm":-1}';

const check = (text: string, of: Packet) => isCanonical(text, of, text.includes('\\'));

describe('isCanonical', () => {
  it('accepts the canonical encoding of a packet', () => {
    expect(check(CANONICAL, packet)).toBe(true);
  });

  it.each<[string, string, Partial<Packet>]>([
    [
      'an acknowledgement',
      '{"bridge":false,"type":4,"dataContent":"fp-1","from":"bob","to":"alice","QoS":false,"typeu":-1,"sm":-1}',
      { type: 4, dataContent: 'fp-1', from: 'bob', to: 'alice', fp: undefined, QoS: false },
    ],
    [
      'a packet of another type, from the bridge, with a type and a time',
      '{"bridge":true,"type":5,"dataContent":"","from":"a","to":"0","QoS":false,"typeu":7,"sm":1795429891064}',
      {
        bridge: true,
        type: 5,
        dataContent: '',
        from: 'a',
        to: '0',
        fp: undefined,
        QoS: false,
        typeu: 7,
        sm: 1795429891064,
      },
    ],
    [
      'a packet without any string',
      '{"bridge":false,"type":51,"QoS":false,"typeu":-1,"sm":-1}',
      { type: 51, dataContent: undefined, from: undefined, to: undefined, fp: undefined, QoS: false },
    ],
  ])('accepts %s', (_name, text, fields) => {
    expect(check(text, packetWith(fields))).toBe(true);
  });

  it.each([
    ['something behind the end', `${CANONICAL} `],
    ['white space', CANONICAL.replace(',"to"', ', "to"')],
    ['another order', CANONICAL.replace('"from":"alice","to":"bob"', '"to":"bob","from":"alice"')],
    ['a second sender', CANONICAL.replace('"from":"alice"', '"from":"boss","from":"alice"')],
    ['a second content', CANONICAL.replace('"hello"', '"other","dataContent":"hello"')],
    ['an unknown member', CANONICAL.replace(',"sm"', ',"retryCount":1,"sm"')],
    ['an unknown member at the end', CANONICAL.replace('}', ',"x":1}')],
    ['a number in quotes', CANONICAL.replace('"type":2', '"type":"2"')],
    ['a whole number with a fraction', CANONICAL.replace('"typeu":-1', '"typeu":-1.0')],
    ['an escape in an id', CANONICAL.replace('alice', 'al\\u0069ce')],
    ['an escape in a name', CANONICAL.replace('"from"', '"fr\\u006fm"')],
    ['a missing member', CANONICAL.replace(',"sm":-1', '')],
    ['a missing fingerprint', CANONICAL.replace(',"fp":"fp-1"', '')],
    ['another bridge', CANONICAL.replace('"bridge":false', '"bridge":true')],
    ['another sender of the same length', CANONICAL.replace('"alice"', '"carol"')],
    ['another receiver of the same length', CANONICAL.replace('"bob"', '"eve"')],
    ['another fingerprint of the same length', CANONICAL.replace('"fp-1"', '"fp-2"')],
    ['another receiver', CANONICAL.replace('"bob"', '"boss"')],
    ['another fingerprint', CANONICAL.replace('"fp-1"', '"fp-12"')],
  ])('does not accept %s', (_name, text) => {
    expect(check(text, packet)).toBe(false);
  });

  it.each(['a\\"b\\\\c\\n<', '\\u0061\\u0022b\\u005cc\\u000a\\u003c'])(
    'allows escapes in the content: %s',
    (written) => {
      const text = CANONICAL.replace('hello', () => written);
      expect(check(text, packetWith({ dataContent: 'a"b\\c\n<' }))).toBe(true);
    },
  );

  it('does not confuse a sender inside the content with the sender of the packet', () => {
    const text = CANONICAL.replace('hello', () => 'x\\",\\"from\\":\\"boss');
    expect(check(text, packetWith({ dataContent: 'x","from":"boss' }))).toBe(true);
    expect(check(text, packetWith({ dataContent: 'x","from":"boss', from: 'boss' }))).toBe(false);
  });

  it('finds the end of content that ends with backslashes', () => {
    const text = CANONICAL.replace('hello', () => 'C:\\\\');
    expect(check(text, packetWith({ dataContent: 'C:\\' }))).toBe(true);
  });

  it('does not accept content without a closing quote', () => {
    expect(check('{"bridge":false,"type":2,"dataContent":"hel\\"', packet)).toBe(false);
  });
});
