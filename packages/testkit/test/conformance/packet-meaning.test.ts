import { describe, expect, it } from 'vitest';
import { packetMeaning } from '../../src/conformance/packet-meaning.js';

const key = (body: string) => packetMeaning(body).key;

describe('packetMeaning', () => {
  it('ignores the order of fields and the form of escapes', () => {
    expect(key('{"type":2,"dataContent":"<中>"}')).toBe(key('{"dataContent":"\\u003c\\u4e2d>","type":2}'));
  });

  it('distinguishes a number from the same number as text', () => {
    expect(key('{"type":2}')).not.toBe(key('{"type":"2"}'));
  });

  it('distinguishes an absent field from null', () => {
    expect(key('{"type":2}')).not.toBe(key('{"type":2,"fp":null}'));
  });

  it('parses the JSON inside control packets, but not inside messages', () => {
    expect(key('{"type":54,"dataContent":"{\\"code\\":1, \\"a\\":2}"}')).toBe(
      key('{"type":54,"dataContent":"{\\"a\\":2,\\"code\\":1}"}'),
    );
    expect(key('{"type":2,"dataContent":"{\\"a\\":1}"}')).not.toBe(
      key('{"type":2,"dataContent":"{ \\"a\\":1}"}'),
    );
  });

  it('parses the packet inside an error’s text', () => {
    const error = (text: string) =>
      JSON.stringify({ type: 52, dataContent: JSON.stringify({ errorCode: 301, errorMsg: text }) });
    expect(key(error('{"type":1,"from":"a"}'))).toBe(key(error('{"from":"\\u0061","type":1}')));
    expect(key(error('{"type":1}'))).not.toBe(key(error('{"type":2}')));
  });

  it('translates the time in the answer to a login', () => {
    const body = '{"type":50,"dataContent":"{\\"code\\":0,\\"firstLoginTime\\":7}"}';
    expect(packetMeaning(body, (time) => time + 1).key).toContain('"firstLoginTime":8');
  });

  it('compares server times in sm by kind, other numbers by value', () => {
    expect(key('{"sm":1700000000000}')).toBe(key('{"sm":1800000000000}'));
    expect(key('{"sm":5}')).not.toBe(key('{"sm":6}'));
  });
});
