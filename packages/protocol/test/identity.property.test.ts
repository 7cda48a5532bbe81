import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeUtf8 } from '../src/binary-string.js';
import { readErrorResponse, readKickOut, readLoginRequest } from '../src/control.js';
import { decodeFrameBody } from '../src/decode.js';
import { decodePacket } from '../src/decode-packet.js';
import { ProtocolError } from '../src/errors.js';
import { thrownBy, utf8 } from './packet-fixture.js';

const TIMEOUT_MS = 60_000;

const digits = (max: number) => fc.stringMatching(new RegExp(`^\\d{1,${max}}$`));
const whole = fc.oneof(fc.constant('0'), fc.stringMatching(/^[1-9]\d{0,30}$/));
/** Any number of the grammar of JSON. */
const numberLiteral = fc
  .tuple(
    fc.constantFrom('', '-'),
    whole,
    fc.option(digits(20), { nil: undefined }),
    fc.option(fc.tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), digits(3)), {
      nil: undefined,
    }),
  )
  .map(
    ([sign, integer, fraction, exponent]) =>
      `${sign}${integer}${fraction === undefined ? '' : `.${fraction}`}${exponent?.join('') ?? ''}`,
  );

/** Members that a search for numbers could stumble over. */
const distraction = fc.constantFrom(
  '',
  '"x":"\\"7\\\\",',
  '"x":[1,2,{"to":3}],',
  '"to":5,',
  '"typeu":1.0,',
  '"e":"\\u0031",',
  '"é":"\\\\",',
);
const textField = fc.constantFrom('dataContent', 'from', 'to', 'fp');

/** What `read` returns; undefined if it refuses. */
function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

describe('numbers in fields that are text', { timeout: TIMEOUT_MS }, () => {
  it.each(['9007199254740993', '1.0', '1e3', '-0', '1E400', '1234567890123456789', '0.10', '1e-7'])(
    'keeps the digits of %s',
    (number) => {
      const frame = `{"type":2,"dataContent":${number},"from":${number},"to":${number},"fp":${number}}`;
      const expected = { type: 2, dataContent: number, from: number, to: number, fp: number };
      expect(decodeFrameBody(frame)).toMatchObject({ ...expected, dataContent: number });
      expect(decodePacket(frame)).toMatchObject(expected);
    },
  );

  it('are unaltered or refused, whatever the number and the members around it', () => {
    fc.assert(
      fc.property(numberLiteral, textField, distraction, distraction, (number, field, before, after) => {
        const text = `{${before.replace(`"${field}"`, '"y"')}"${field}":${number},${after.replace(`"${field}"`, '"y"')}"type":2}`;
        const packet = unlessRefused(() => decodePacket(text));
        expect([undefined, number]).toContain(packet?.[field as 'from']);
        const received = unlessRefused(() => decodeFrameBody(utf8(text)));
        expect([undefined, number]).toContain(received?.[field as 'from']);
        if (received === undefined) return;
        expect(decodeFrameBody(received.body)[field as 'from']).toBe(number);
      }),
      { numRuns: 10_000 },
    );
  });

  it('are unaltered in the fields of a login and of responses', () => {
    fc.assert(
      fc.property(numberLiteral, (number) => {
        const login = `{"loginUserId":${number},"loginToken":${number},"extra":${number}}`;
        expect(readLoginRequest(login)).toMatchObject({ userId: number, token: number, extra: number });
        expect(readErrorResponse(`{"errorCode":4,"errorMsg":${number}}`).errorMsg).toBe(number);
        expect(readKickOut(`{"reason":${number},"code":1}`).reason).toBe(number);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['"0x10"', '"Infinity"', '9007199254740993', '"9007199254740993"', '1e400'])(
    'are refused as a time if they are %s',
    (number) => {
      expect(thrownBy(() => decodeFrameBody(`{"type":2,"sm":${number}}`))).toMatchObject({
        code: 'ERR_INVALID_FIELD',
      });
    },
  );
});

describe('ids that are not Unicode', { timeout: TIMEOUT_MS }, () => {
  const INVALID = { code: 'ERR_INVALID_FIELD', message: expect.stringContaining('not valid Unicode text') };
  const frame = (field: string, text: string, content = 'x') =>
    `{"bridge":false,"type":2,"dataContent":"${content}","${field}":"${text}","QoS":true,"typeu":-1,"sm":-1}`;

  describe.each(['from', 'to', 'fp'])('in %s', (field) => {
    it.each([
      ['the byte FF', '\u00ff'],
      ['half a character', 'b\u00e4\u00bd'],
      ['a surrogate as bytes', '\u00ed\u00a0\u0080'],
      ['an overlong slash', '\u00c0\u00af'],
      ['an escaped lone surrogate', '\\ud800'],
      ['the byte FF beside an escape', '\\u0061\u00ff'],
      ['the byte FF beside U+FFFD', '\u00ff\u00ef\u00bf\u00bd'],
    ])('refuses %s', (_name, bytes) => {
      expect(thrownBy(() => decodeFrameBody(frame(field, bytes)))).toMatchObject(INVALID);
    });

    it('takes U+FFFD and characters of any plane', () => {
      const text = '\ufffd用户😀';
      expect(decodeFrameBody(utf8(frame(field, text)))[field as 'from']).toBe(text);
      expect(decodeFrameBody(utf8(frame(field, `${text}\\u0061`)))[field as 'from']).toBe(`${text}a`);
    });

    it('takes any id beside content that is not UTF-8', () => {
      const received = decodeFrameBody(frame(field, 'é'.replace('é', '\u00c3\u00a9'), 'a\u00ffb'));
      expect(received[field as 'from']).toBe('é');
      expect(received.dataContent).toBe('a\ufffdb');
    });
  });

  it('never merges two ids into one', () => {
    const bytes = fc
      .uint8Array({ minLength: 1, maxLength: 6, min: 0x7e })
      .map((codes) => String.fromCharCode(...codes));
    fc.assert(
      fc.property(bytes, bytes, fc.constantFrom('', '\\u0061', '\\n'), (one, other, suffix) => {
        fc.pre(one !== other);
        const [first, second] = [one, other].map(
          (id) => unlessRefused(() => decodeFrameBody(frame('to', id + suffix)))?.to,
        );
        if (first !== undefined) expect(first).not.toBe(second);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('hasInvalidContent', () => {
  const login = (id: string) => `{"type":0,"dataContent":"{\\"loginUserId\\":\\"${id}\\"}"}`;
  const canonical = (id: string) =>
    `{"bridge":false,"type":0,"dataContent":"{\\"loginUserId\\":\\"${id}\\"}","from":"a","to":"0","QoS":false,"typeu":-1,"sm":-1}`;

  it.each([
    ['plain bytes', login('\u00ff')],
    ['bytes beside an escape', login('\\u0061\u00ff')],
    ['a canonical frame', canonical('\u00ff')],
    ['a canonical frame with an escape', canonical('\\u0061\u00ff')],
  ])('is true for %s that are not UTF-8', (_name, body) => {
    const packet = decodeFrameBody(body);
    expect(packet.hasInvalidContent).toBe(true);
    expect(packet.dataContent).toContain('\ufffd');
    expect(packet.hasInvalidContent).toBe(true);
  });

  it.each([
    ['no content', '{"type":0}'],
    ['ASCII', canonical('alice')],
    ['U+FFFD', canonical(encodeUtf8('\ufffd'))],
    ['U+FFFD beside an escape', login(encodeUtf8('\ufffd\\u0061'))],
    ['an escaped U+FFFD', canonical('\\ufffd')],
  ])('is false for %s', (_name, body) => {
    expect(decodeFrameBody(body).hasInvalidContent).toBe(false);
  });
});
