import fc from 'fast-check';
import { encodePacket } from '../src/encode.js';
import type { Packet } from '../src/packet.js';

/** Text with everything that breaks parsers: quotes, escapes, injected members, wide characters and lone surrogates. */
export const someText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.constantFrom(
    '',
    'hello',
    '你好，世界 😀',
    '","from":"boss',
    '\\","from":"boss',
    '\\\\","from":"boss","dataContent":"',
    '"},{"from":"boss',
    'C:\\',
    'line\nbreak\ttab\u0000',
    '\ud83d',
    '\udc00x',
    "\u2028\u2029<>&='",
    '\u00c3\u00a9',
    '\ufeff',
  ),
);

/** Ordinary and malicious ids. */
const someId = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('alice', 'bob', '0', '-1', '10001', 'é', '用户', 'a.b-c@d') },
  { weight: 1, arbitrary: someText.map((text) => text.replace(/[\ud800-\udfff]/g, '?')) },
);

const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });

/** A packet that can be encoded. Without lone surrogates, which have no UTF-8 encoding. */
export const anyPacket: fc.Arbitrary<Packet> = fc.record({
  type: fc.oneof(fc.constantFrom(0, 1, 2, 2, 2, 3, 4, 5, 50, 51, 52, 53, 54), int32),
  dataContent: fc.option(
    someText.map((text) => text.replace(/[\ud800-\udfff]/gu, '?')),
    { nil: undefined, freq: 5 },
  ),
  from: fc.option(someId, { nil: undefined, freq: 5 }),
  to: fc.option(someId, { nil: undefined, freq: 5 }),
  fp: fc.option(someId, { nil: undefined, freq: 5 }),
  QoS: fc.boolean(),
  typeu: fc.oneof(fc.constant(-1), int32),
  bridge: fc.boolean(),
  sm: fc.oneof(fc.constant(-1), fc.maxSafeInteger()),
});

/** Writes one character of a JSON string: `way` selects an escape. */
function writeCharacter(character: string, way: number): string {
  const unit = character.charCodeAt(0);
  const escaped = `\\u${unit.toString(16).padStart(4, '0')}`;
  if (way === 0) return escaped;
  if (way === 1 && character === '/') return '\\/';
  const plain = JSON.stringify(character).slice(1, -1);
  return plain.startsWith('\\u') && unit >= 0xd800 ? character : plain;
}

/** Writes a text as a JSON string; `ways` selects the escape of each code unit. */
function writeString(text: string, ways: readonly number[]): string {
  let written = '"';
  for (let i = 0; i < text.length; i++) written += writeCharacter(text.charAt(i), ways[i % ways.length] ?? 9);
  return `${written}"`;
}

const plainWays = [9];
const someWays = fc.oneof(
  { weight: 3, arbitrary: fc.constant(plainWays) },
  { weight: 1, arbitrary: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 5 }) },
);

/** JSON values of every kind, valid and invalid for the fields of a packet. */
const someValue = fc.oneof(
  fc.tuple(someText, someWays).map(([text, ways]) => writeString(text, ways)),
  fc.constantFrom(
    'true',
    'false',
    'null',
    '0',
    '-1',
    '-0',
    '2',
    '2.0',
    '1e20',
    '1e-6',
    '9007199254740993',
    '1e400',
    '"2"',
    '"true"',
    '{}',
    '[]',
    '{"from":"boss"}',
    '["from"]',
  ),
);

const memberName = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('bridge', 'type', 'dataContent', 'from', 'to', 'fp', 'QoS', 'typeu', 'sm'),
  },
  { weight: 1, arbitrary: fc.constantFrom('', 'x', 'retryCount', '__proto__', 'From', 'toString') },
);

const extraMember = fc
  .tuple(memberName, someValue, someWays)
  .map(([name, value, ways]) => `${writeString(name, ways)}:${value}`);

/** A mutation that makes a frame not canonical: gets the members and a position. */
type Mutation = (members: string[], at: number) => string[];

const keep: Mutation = (members) => members;
const doubled: Mutation = (members, at) => [...members.slice(0, at), ...members.slice(at - 1)];
const dropped: Mutation = (members, at) => members.filter((_member, index) => index !== at);
const swapped: Mutation = (members, at) => [...members.slice(at), ...members.slice(0, at)];
const spaced: Mutation = (members, at) =>
  members.map((member, index) => (index === at ? ` ${member}` : member));
const quoted: Mutation = (members, at) =>
  members.map((member, index) => (index === at ? member.replace(/:(-?\d+|true|false)$/, ':"$1"') : member));
const inserting =
  (extra: string): Mutation =>
  (members, at) =>
    members.toSpliced(at, 0, extra);

const someMutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(keep) },
  { weight: 3, arbitrary: extraMember.map(inserting) },
  { weight: 3, arbitrary: fc.constantFrom(doubled, dropped, swapped, spaced, quoted) },
);

const surroundings = fc.constantFrom<[string, string]>(
  ['', ''],
  ['', ''],
  ['', ''],
  ['', ''],
  ['', ''],
  ['', ''],
  ['\u00ef\u00bb\u00bf', ''],
  ['', ' '],
  ['\n', ''],
  ['', 'x'],
  ['', '{}'],
  ['', '\u0000'],
  ['\u00ef\u00bb', ''],
);

/** Invalid UTF-8, to be inserted into strings. */
const brokenBytes = fc.constantFrom(
  '',
  '',
  '',
  '',
  '',
  '',
  '\u00ff',
  '\u00c3',
  '\u00e4\u00bd',
  '\u00ed\u00a0\u0080',
  '\u00c0\u00af',
);

/** Canonical frames, and frames that differ from canonical ones in a few places. */
export const nearCanonicalFrame: fc.Arbitrary<string> = fc
  .tuple(
    anyPacket,
    someWays,
    someWays,
    someMutation,
    someMutation,
    fc.nat(20),
    fc.nat(20),
    surroundings,
    brokenBytes,
  )
  .map(([packet, contentWays, idWays, mutation, secondMutation, at, secondAt, [before, after], broken]) => {
    const text = (name: 'dataContent' | 'from' | 'to' | 'fp', ways: readonly number[]) => {
      const value = packet[name];
      return value === undefined ? [] : [`"${name}":${writeString(value, ways)}`];
    };
    let members = [
      `"bridge":${packet.bridge}`,
      `"type":${packet.type}`,
      ...text('dataContent', contentWays),
      ...text('from', idWays),
      ...text('to', plainWays),
      ...text('fp', plainWays),
      `"QoS":${packet.QoS}`,
      `"typeu":${packet.typeu}`,
      `"sm":${packet.sm}`,
    ];
    members = mutation(members, at % (members.length + 1));
    members = secondMutation(members, secondAt % (members.length + 1));
    const bytes = Buffer.from(`{${members.join(',')}}`, 'utf8').toString('latin1');
    return `${before}${broken === '' ? bytes : bytes.replace(/(?<="(?:from|dataContent)":")/, () => broken)}${after}`;
  });

type Edit = readonly [kind: number, at: number, length: number, what: string];

/** A few bytes to insert, overwrite or remove. */
export const someEdit: fc.Arbitrary<Edit> = fc.tuple(
  fc.nat(2),
  fc.nat(10_000),
  fc.integer({ min: 1, max: 6 }),
  fc.constantFrom(
    '"',
    '\\',
    ',',
    ':',
    '{',
    '}',
    '0',
    '-',
    '.',
    'e',
    ' ',
    'u',
    '\u0000',
    '\u0080',
    '\u00ff',
    '\\u0022',
    '"from":"boss",',
    ',"to":"boss"',
    '\\"',
  ),
);

/** Applies an edit to a frame. */
export function edited(body: string, [kind, where, length, what]: Edit): string {
  const at = where % (body.length + 1);
  if (kind === 0) return body.slice(0, at) + what + body.slice(at);
  if (kind === 1) return body.slice(0, at) + what + body.slice(at + what.length);
  return body.slice(0, at) + body.slice(at + length);
}

/** Valid frames with a few bytes inserted, overwritten or removed. */
export const mutatedFrame: fc.Arbitrary<string> = fc
  .tuple(anyPacket, fc.array(someEdit, { minLength: 1, maxLength: 3 }))
  .map(([packet, edits]) => {
    const body = Buffer.from(encodePacket(packet), 'utf8').toString('latin1');
    return edits.reduce(edited, body);
  });
