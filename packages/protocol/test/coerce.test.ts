import { describe, expect, it } from 'vitest';
import { toBoolean, toInteger, toObject, toText } from '../src/coerce.js';
import { ProtocolError } from '../src/errors.js';
import { thrownBy } from './packet-fixture.js';

describe('toText', () => {
  it.each([
    ['text', 'text'],
    ['', ''],
    [true, 'true'],
  ])('reads %j as %j', (value, text) => {
    expect(toText('from', value)).toBe(text);
  });

  it('treats null as absent', () => {
    expect(toText('from', null)).toBeUndefined();
    expect(toText('from', undefined)).toBeUndefined();
  });

  it('names the field and the type it got instead of a string', () => {
    expect(() => toText('from', [])).toThrow('field from must be a string, got an array');
    expect(() => toText('from', {})).toThrow('field from must be a string, got object');
    expect(() => toText('from', 1e21)).toThrow('field from must be a string, got number');
  });
});

describe('toInteger', () => {
  const read = (value: unknown) => toInteger('type', value, 0, -10, 5_000_000_000);

  it.each([
    [5, 5],
    [5.0, 5],
    ['5', 5],
    [' 5 ', 5],
    ['5.0', 5],
    [-10, -10],
    [5_000_000_000, 5_000_000_000],
    ['5000000000', 5_000_000_000],
  ])('reads %j as %j', (value, number) => {
    expect(read(value)).toBe(number);
  });

  it('returns the default for an absent or null value', () => {
    expect(toInteger('typeu', undefined, 7, 0, 10)).toBe(7);
    expect(toInteger('typeu', null, 7, 0, 10)).toBe(7);
  });

  it.each([
    [1.5],
    ['1.5'],
    ['two'],
    [''],
    [' '],
    ['0x4'],
    ['Infinity'],
    ['1.2.3'],
    [true],
    [{}],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
  ])('rejects %j, which is not a whole number', (value) => {
    expect(() => read(value)).toThrow('field type must be a whole number');
  });

  it('rejects a value out of bounds and names the bounds', () => {
    expect(() => read(-11)).toThrow('field type must be -10 to 5000000000, got -11');
    expect(() => read(5_000_000_001)).toThrow('got 5000000001');
    expect(() => read('5000000001')).toThrow('got 5000000001');
  });
});

describe('toBoolean', () => {
  it.each([
    [true, true],
    [false, false],
    ['true', true],
    ['TRUE', true],
    ['false', false],
    ['yes', false],
    [1, true],
    [0, false],
    [null, false],
    [undefined, false],
  ])('reads %j as %j', (value, expected) => {
    expect(toBoolean('QoS', value)).toBe(expected);
  });

  it.each([[2], [[]], [{}]])('rejects %j', (value) => {
    expect(() => toBoolean('QoS', value)).toThrow('field QoS must be true or false');
  });
});

describe('toObject', () => {
  it('parses an object', () => {
    expect(toObject('{"a":1}', 'a packet', [])).toEqual({ a: 1 });
  });

  it('returns the source text of a number in a text field, and other fields as they are', () => {
    const text = '{"b":[1,"2",{"a":3}],"a":1,"\\"a\\"":4,"a":9007199254740993,"c":1e3,"d":true}';
    expect(toObject(text, 'a packet', ['a', 'c', 'd', 'e'])).toEqual({
      b: [1, '2', { a: 3 }],
      a: '9007199254740993',
      '"a"': 4,
      c: '1e3',
      d: true,
    });
  });

  it('rejects an object that is too long to be searched for numbers', () => {
    const text = `{"a":1,"b":"${'\\n'.repeat(5_000_000)}"}`;
    expect(thrownBy(() => toObject(text, 'a packet', ['a']))).toMatchObject({ code: 'ERR_MALFORMED_PACKET' });
  });

  it('reports the length of a text that is not JSON, not its content', () => {
    const error = thrownBy(() => toObject('secret', 'a login', ['a']));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({
      code: 'ERR_MALFORMED_PACKET',
      message: 'a login of 6 characters is not JSON',
    });
  });

  it.each(['[]', 'null', '1', '"text"', 'true'])('rejects %s, which is JSON but not an object', (text) => {
    expect(() => toObject(text, 'a packet', ['a'])).toThrow('a packet is JSON but not an object');
  });
});
