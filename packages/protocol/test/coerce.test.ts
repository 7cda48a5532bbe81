import { describe, expect, it } from 'vitest';
import { toBoolean, toInteger, toObject, toText } from '../src/coerce.js';
import { ProtocolError } from '../src/errors.js';
import { thrownBy } from './packet-fixture.js';

describe('toText', () => {
  it.each([
    ['text', 'text'],
    ['', ''],
    [42, '42'],
    [true, 'true'],
  ])('reads %j as %j', (value, text) => {
    expect(toText('from', value)).toBe(text);
  });

  it('counts null as absent', () => {
    expect(toText('from', null)).toBeUndefined();
    expect(toText('from', undefined)).toBeUndefined();
  });

  it('names the field and what it found instead of a string', () => {
    expect(() => toText('from', [])).toThrow('field from must be a string, found an array');
    expect(() => toText('from', {})).toThrow('field from must be a string, found object');
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

  it('gives the default for what is absent or null', () => {
    expect(toInteger('typeu', undefined, 7, 0, 10)).toBe(7);
    expect(toInteger('typeu', null, 7, 0, 10)).toBe(7);
  });

  it.each([[1.5], ['1.5'], ['two'], [''], [' '], [true], [{}], [Number.NaN], [Number.POSITIVE_INFINITY]])(
    'refuses %j as no whole number',
    (value) => {
      expect(() => read(value)).toThrow('field type must be a whole number');
    },
  );

  it('refuses what is out of bounds and names the bounds', () => {
    expect(() => read(-11)).toThrow('field type is -11, allowed are -10 to 5000000000');
    expect(() => read(5_000_000_001)).toThrow('field type is 5000000001');
    expect(() => read('5000000001')).toThrow('field type is 5000000001');
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

  it.each([[2], [[]], [{}]])('refuses %j', (value) => {
    expect(() => toBoolean('QoS', value)).toThrow('field QoS must be true or false');
  });
});

describe('toObject', () => {
  it('reads an object', () => {
    expect(toObject('{"a":1}', 'a packet')).toEqual({ a: 1 });
  });

  it('says how long a text is that is not JSON, and not what it holds', () => {
    const error = thrownBy(() => toObject('secret', 'a login'));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({
      code: 'ERR_MALFORMED_PACKET',
      message: 'a login of 6 characters is not JSON',
    });
  });

  it.each(['[]', 'null', '1', '"text"', 'true'])('refuses %s, which is JSON but no object', (text) => {
    expect(() => toObject(text, 'a packet')).toThrow('a packet is JSON but not an object');
  });
});
