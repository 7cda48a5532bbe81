import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrameBody } from '../../src/decode.js';
import { decodePacket } from '../../src/decode-packet.js';
import { encodePacket } from '../../src/encode.js';
import { ProtocolError } from '../../src/errors.js';
import { withExtension } from '../../src/extension/extension-frame.js';
import { readCanonical } from '../../src/read-canonical.js';
import type { ReceivedPacket } from '../../src/received-packet.js';
import { anyPacket, edited, someEdit } from '../frame-arbitraries.js';
import { fieldsOf, utf8 } from '../packet-fixture.js';

/** A busy machine may take several times as long as a quiet one. */
const TIMEOUT_MS = 60_000;

/** JSON values of every kind, and what only looks like one. */
const someX = fc.oneof(
  { weight: 3, arbitrary: fc.json({ maxDepth: 3 }) },
  {
    weight: 4,
    arbitrary: fc
      .dictionary(
        fc.constantFrom('s', 'i', 't', 'k', 'of', 'log', 'a', '__proto__', 'x', 'é'),
        fc.jsonValue({ maxDepth: 2 }),
      )
      .map((object) => JSON.stringify(object)),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      '{}',
      '{ }',
      '{"s":1}',
      '{"s":1}}',
      '{"s":1},"from":"boss"',
      '{"s":1},"x":{"s":2}',
      '{"s":1},"y":{}',
      '{"s":1},"y":{},"from":"boss","z":{}',
      '{"s":01}',
      '{"s":9007199254740993}',
      '{"s":1e400}',
      '{"s":1,"s":2}',
      '{"log":"g:团队"}',
      '{"log":"\\u00e9\\ud83d"}',
      '{"log":"}"}',
      '{"log":"},\\"from\\":\\"boss"}',
      '{"a":{"b":{"c":{}}}}',
      '{\n"s":1}',
      '{"s":1}\n',
      ' {"s":1}',
      '{"s":undefined}',
      '{',
      '}',
      '{}{}',
      'null',
      'true',
      '0',
      '""',
      '"{}"',
      '[]',
      '[{}]',
      '',
      '{"log":"\u0000"}',
    ),
  },
);

/** A frame with `x` in any place, sometimes twice, sometimes with a few bytes changed, or with bytes that are not UTF-8. */
const frameWithX: fc.Arbitrary<string> = fc
  .tuple(
    anyPacket,
    fc.constantFrom(0, 1, 2, 4, 1000, 1001, undefined),
    someX,
    fc.nat(12),
    fc.nat(2),
    fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: someEdit }),
    fc.constantFrom('', '', '', '', '\u00ff', '\u00c3', '\u00ed\u00a0\u0080'),
  )
  .map(([packet, type, x, place, otherPlace, edit, broken]) => {
    const plain = {
      ...packet,
      bridge: false,
      type: type ?? packet.type,
      from: packet.from ?? 'alice',
      to: packet.to ?? 'bob',
    };
    const base = encodePacket(plain);
    let frame = withExtension(base, x);
    if (otherPlace === 0) {
      const members = base.slice(1, -1).split(/,(?=")/);
      frame = `{${members.toSpliced(place % (members.length + 1), 0, `"x":${x}`).join(',')}}`;
    }
    const bytes = utf8(frame).replace(/(?<="log":")/, () => broken);
    return edit === undefined ? bytes : edited(bytes, edit);
  });

function decoded(body: string): ReceivedPacket | undefined {
  try {
    return decodeFrameBody(body, 'keep');
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

const meaning = (packet: ReceivedPacket) =>
  JSON.stringify([fieldsOf(packet), packet.x, packet.hasInvalidContent]);

describe('frames with x', { timeout: TIMEOUT_MS }, () => {
  it('are the same to the pattern and to the full decoder', () => {
    let canonical = 0;
    let others = 0;
    fc.assert(
      fc.property(frameWithX, (body) => {
        // With white space before it, no frame is canonical.
        const full = decoded(` ${body}`);
        const fast = readCanonical(body, 'keep');
        if (fast === undefined) {
          others += 1;
          const whole = decoded(body);
          expect(whole && meaning(whole)).toBe(full && meaning(full));
          return;
        }
        canonical += 1;
        expect(full === undefined ? 'rejected' : meaning(full)).toBe(meaning(fast));
        expect(body.startsWith(fast.body.slice(0, -1))).toBe(true);
      }),
      { numRuns: 20_000 },
    );
    // The generator must reach both outcomes often.
    expect(canonical).toBeGreaterThan(1_000);
    expect(others).toBeGreaterThan(5_000);
  });

  it('are forwarded without x, as the same packet', () => {
    fc.assert(
      fc.property(frameWithX, (body) => {
        const received = decoded(body);
        if (received === undefined) return;
        const forwarded = decodeFrameBody(received.body, 'keep');
        expect(forwarded.x).toBeUndefined();
        expect(JSON.stringify(fieldsOf(forwarded))).toBe(JSON.stringify(fieldsOf(received)));
        expect(forwarded.body).toBe(received.body);
      }),
      { numRuns: 10_000 },
    );
  });

  it('are the same packets to a browser', () => {
    fc.assert(
      fc.property(anyPacket, fc.dictionary(fc.string(), fc.jsonValue()), (packet, x) => {
        const text = withExtension(encodePacket(packet), JSON.stringify(x));
        const read = decodePacket(text);
        expect(fieldsOf(read)).toEqual(packet);
        expect(JSON.stringify(read.x)).toBe(JSON.stringify(x));
        expect(JSON.stringify(decodeFrameBody(utf8(text), 'keep').x)).toBe(JSON.stringify(x));
      }),
      { numRuns: 5_000 },
    );
  });
});
