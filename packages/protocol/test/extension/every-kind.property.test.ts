import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeEntryExtension,
  encodeMessageExtension,
  readEntryExtension,
  readMessageExtension,
} from '../../src/extension/data-extension.js';
import {
  encodeExtensionPacket,
  readClientExtensionPacket,
  readServerExtensionPacket,
} from '../../src/extension/extension-packet.js';
import { encodeKeepAliveLast, readKeepAliveLast } from '../../src/extension/log-packets.js';
import { loginAnswerMember, readLoginAnswer } from '../../src/extension/login-answer.js';
import { loginOfferMember, readLoginOffer } from '../../src/extension/login-offer.js';
import { InvalidMember } from '../../src/extension/members.js';

/** A reader, a writer of what it returns, and a valid `x` with every member. */
interface Codec {
  readonly read: (x: unknown) => unknown;
  readonly write: (value: never) => unknown;
  readonly x: object;
}

const typed = (
  type: number,
  read: (packet: { type: number; x: unknown }) => unknown,
  x: object,
): [string, Codec] => [
  `type ${type} with ${Object.keys(x).join(', ')}`,
  {
    read: (value) => read({ type, x: value }),
    write: (value) => JSON.parse(encodeExtensionPacket(value, { from: 'a', to: 'b' })).x,
    x,
  },
];

const CODECS = new Map<string, Codec>([
  [
    'offer',
    {
      read: readLoginOffer,
      write: (offer) => loginOfferMember(offer, () => 0),
      x: {
        v: 1,
        caps: ['log', 'sig'],
        dev: { id: 'd1', kind: 'web', name: 'Chrome' },
        pos: { e: 'e1', s: 7 },
        max: 65_536,
      },
    },
  ],
  [
    'answer',
    {
      read: readLoginAnswer,
      write: loginAnswerMember,
      x: {
        v: 1,
        caps: ['log'],
        pos: { e: 'e1', s: 9, first: 10, last: 12 },
        win: 64,
        max: 65_536,
        hole: [8, 9],
        key: 'Zk3vQ0x-9aB',
      },
    },
  ],
  [
    'entry',
    {
      read: readEntryExtension,
      write: (entry) => JSON.parse(encodeEntryExtension(entry)),
      x: { s: 1, i: 2, t: 3, k: 'edit', of: 1, enc: 'base64', log: 'g:big' },
    },
  ],
  [
    'message',
    {
      read: readMessageExtension,
      write: (message) => JSON.parse(encodeMessageExtension(message)),
      x: { k: 'recall', of: 1, enc: 'base64', ttl: 5, push: { key: 'chat', quiet: true } },
    },
  ],
  [
    'keep-alive response',
    { read: readKeepAliveLast, write: (last) => JSON.parse(encodeKeepAliveLast(last)), x: { last: 7 } },
  ],
  typed(1000, readClientExtensionPacket, { s: 7, log: 'g:big' }),
  typed(1001, readClientExtensionPacket, { after: 7, log: 'g:big' }),
  typed(1001, readClientExtensionPacket, { log: 'g:big', close: true }),
  typed(1002, readClientExtensionPacket, { k: 'typing', on: true }),
  typed(1003, readClientExtensionPacket, { read: 7, muted: 0 }),
  typed(1004, readClientExtensionPacket, { q: 7, op: 'history', c: 'bob', before: 9, limit: 50 }),
  typed(1100, readServerExtensionPacket, { fp: 'f', s: 7, i: 8, t: 9 }),
  typed(1101, readServerExtensionPacket, { from: 7, to: 8, why: 'expired', log: 'g:big' }),
  typed(1102, readServerExtensionPacket, { k: 'presence', on: false, t: 9, c: 'g:team' }),
  typed(1103, readServerExtensionPacket, { read: 7, got: 8, muted: 0, c: 'bob' }),
  typed(1104, readServerExtensionPacket, { q: 7, items: [{ a: 1 }], more: true }),
  typed(1104, readServerExtensionPacket, { q: 7, code: 'ERR' }),
  typed(1105, readServerExtensionPacket, { heads: { 'g:big': 7 } }),
  typed(1106, readServerExtensionPacket, { fp: 'f', code: 'ERR' }),
]);

/** A value of every JSON kind, and the ends of the ranges. */
const KINDS: readonly unknown[] = [
  null,
  true,
  false,
  -1,
  0,
  1,
  1.5,
  1e300,
  Number.MAX_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER + 1,
  '',
  '7',
  'x'.repeat(257),
  '\ud83d',
  '\ufffd',
  [],
  [1, 2, 3],
  [null],
  {},
  { id: 'd1' },
];

type Path = readonly string[];

/** The paths of all values within a JSON value. */
function pathsIn(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([name, inner]) => pathsIn(inner, [...at, name]))];
}

/** A copy with another value in one place; `undefined` removes it. */
function withValue(x: unknown, path: Path, value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const copy = structuredClone(x) as Record<string, unknown>;
  copy[name] = withValue(copy[name], rest, value);
  return copy;
}

/** Reads, and if it is valid, writes and reads again: it must be the same. */
function check({ read, write }: Codec, x: unknown): 'valid' | 'invalid' | 'absent' {
  const value = read(x);
  if (value === undefined) return 'absent';
  if (value instanceof InvalidMember) {
    expect(value.message).toMatch(/^member x[^ ]* must be .+, got .+$/s);
    return 'invalid';
  }
  const again = read(JSON.parse(JSON.stringify(write(value as never))));
  expect(JSON.stringify(withoutParameters(again))).toBe(JSON.stringify(withoutParameters(value)));
  return 'valid';
}

const withoutParameters = (value: unknown) =>
  typeof value === 'object' ? { ...value, parameters: undefined } : value;

describe.each([...CODECS])('x of %s', (_name, codec) => {
  it('is read with every member, and written as it was', () => {
    expect(check(codec, codec.x)).toBe('valid');
    expect(check(codec, { ...codec.x, unknown: [1] })).toBe('valid');
  });

  it('is never valid with null in any place', () => {
    for (const path of pathsIn(codec.x)) {
      if (path[0] === 'items' && path.length > 1) continue;
      expect([path, check(codec, withValue(codec.x, path, null))]).toEqual([path, 'invalid']);
    }
  });

  it('is valid or names the invalid member, with a value of every kind in every place', () => {
    for (const path of pathsIn(codec.x))
      for (const kind of KINDS) check(codec, withValue(codec.x, path, kind));
  });

  it('is valid or names the invalid member, whatever JSON it is', () => {
    const members = Object.keys(codec.x);
    const someX = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom(...members), fc.oneof(fc.jsonValue(), fc.maxSafeNat(), fc.string())),
      fc
        .tuple(fc.constantFrom(...members), fc.jsonValue())
        .map(([name, value]) => ({ ...codec.x, [name]: value })),
    );
    fc.assert(
      fc.property(someX, (x) => {
        check(codec, x);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a position', () => {
  const positionOf = (s: number) => readClientExtensionPacket({ type: 1000, x: { s } });

  it.each([0, 1, 2 ** 31, 2 ** 32 + 1, 2 ** 53 - 1])('can be %d', (s) => {
    expect(positionOf(s)).toMatchObject({ position: s });
  });

  it.each([-1, 2 ** 53, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('cannot be %d', (s) => {
    expect(positionOf(s)).toBeInstanceOf(InvalidMember);
  });
});

describe('an id', () => {
  const logOf = (log: string) => readClientExtensionPacket({ type: 1000, x: { s: 1, log } });

  it.each(['g:big', 'g:团队', '😀', 'x'.repeat(256)])('can be %s', (log) => {
    expect(logOf(log)).toMatchObject({ log });
  });

  it.each(['', 'x'.repeat(257), '\ud83d', 'a\udc00', 'g:\ufffd'])('cannot be %j', (log) => {
    expect(logOf(log)).toBeInstanceOf(InvalidMember);
  });
});
