import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeUtf8, encodeUtf8 } from '../src/binary-string.js';
import { decodeFrameBody } from '../src/decode.js';
import { decodePacket } from '../src/decode-packet.js';
import { encodeFrameBody, encodePacket } from '../src/encode.js';
import { ProtocolError } from '../src/errors.js';
import type { ReceivedPacket } from '../src/received-packet.js';
import { anyPacket, mutatedFrame, nearCanonicalFrame, someText } from './frame-arbitraries.js';
import { fieldsOf } from './packet-fixture.js';

/** A busy machine may take several times as long as a quiet one. */
const TIMEOUT_MS = 60_000;

/**
 * The only form that may be forwarded: every member once, in wire order, nothing else. A string of the
 * grammar below ends at its first unescaped quote, so whatever matches as a whole cannot hide a second member.
 */
const STRING = '"(?:[^"\\\\\\x00-\\x1f]|\\\\(?:["\\\\/bfnrt]|u[0-9a-fA-F]{4}))*"';
const CANONICAL = new RegExp(
  `^\\{"bridge":(?:true|false),"type":-?\\d+(?:,"dataContent":${STRING})?(?:,"from":${STRING})?(?:,"to":${STRING})?` +
    `(?:,"fp":${STRING})?,"QoS":(?:true|false),"typeu":-?\\d+,"sm":-?\\d+\\}$`,
);

/** Decodes a frame; returns undefined for a ProtocolError. Any other error fails the test. */
function decoded(body: string): ReceivedPacket | undefined {
  try {
    return decodeFrameBody(body);
  } catch (error) {
    if (error instanceof ProtocolError && error.code.startsWith('ERR_')) return undefined;
    throw error;
  }
}

/** Asserts what every receiver of a forwarded frame relies on. */
function checkPassedOn(received: ReceivedPacket): void {
  const body = received.body;
  if (!CANONICAL.test(body)) throw new Error(`passed on although it is not canonical: ${body}`);
  const again = decodeFrameBody(body);
  const before = JSON.stringify(fieldsOf(received));
  const after = JSON.stringify(fieldsOf(again));
  if (before !== after) throw new Error(`read ${before}, passed on ${after}`);
  if (again.body !== body) throw new Error(`passed on ${body}, the next server would pass on ${again.body}`);
}

describe('frames, generated and mutated', { timeout: TIMEOUT_MS }, () => {
  it('decodes exactly the packet that was encoded', () => {
    fc.assert(
      fc.property(anyPacket, (packet) => {
        const body = encodeFrameBody(packet);
        expect(fieldsOf(decodeFrameBody(body))).toEqual(packet);
        expect(decodeFrameBody(body).body).toBe(body);
        expect(fieldsOf(decodePacket(encodePacket(packet)))).toEqual(packet);
      }),
      { numRuns: 15_000 },
    );
  });

  it('forwards a near-canonical frame only as the validated packet', () => {
    let read = 0;
    let untouched = 0;
    fc.assert(
      fc.property(nearCanonicalFrame, (body) => {
        const received = decoded(body);
        if (received === undefined) return;
        read += 1;
        if (received.body === body) untouched += 1;
        checkPassedOn(received);
      }),
      { numRuns: 60_000 },
    );
    // The generator must reach all three outcomes often.
    expect(read).toBeGreaterThan(20_000);
    expect(untouched).toBeGreaterThan(3_000);
    expect(read - untouched).toBeGreaterThan(10_000);
  });

  it('throws only ProtocolErrors for mutated frames, and forwards only validated packets', () => {
    let read = 0;
    let refused = 0;
    fc.assert(
      fc.property(mutatedFrame, (body) => {
        const received = decoded(body);
        if (received === undefined) {
          refused += 1;
          return;
        }
        read += 1;
        checkPassedOn(received);
      }),
      { numRuns: 40_000 },
    );
    expect(read).toBeGreaterThan(4_000);
    expect(refused).toBeGreaterThan(4_000);
  });

  it('throws only ProtocolErrors for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const received = decoded(Buffer.from(bytes).toString('latin1'));
        if (received !== undefined) checkPassedOn(received);
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('UTF-8, generated', { timeout: TIMEOUT_MS }, () => {
  it('is encoded like on the platform', () => {
    fc.assert(
      fc.property(someText, (text) => {
        expect(encodeUtf8(text)).toBe(Buffer.from(text, 'utf8').toString('latin1'));
      }),
      { numRuns: 10_000 },
    );
  });

  it('is decoded like on the platform, valid or not', () => {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    fc.assert(
      fc.property(likelyUtf8, (bytes) => {
        expect(decodeUtf8(Buffer.from(bytes).toString('latin1'))).toBe(decoder.decode(bytes));
      }),
      { numRuns: 10_000 },
    );
  });
});

/** Random bytes with many lead bytes, continuation bytes and special cases. */
const likelyUtf8 = fc
  .array(
    fc.constantFrom(
      0x41,
      0x7f,
      0x80,
      0x8f,
      0x90,
      0x9f,
      0xa0,
      0xbf,
      0xc0,
      0xc2,
      0xdf,
      0xe0,
      0xe4,
      0xed,
      0xef,
      0xf0,
      0xf3,
      0xf4,
      0xf5,
      0xff,
    ),
    { maxLength: 24 },
  )
  .map((bytes) => Uint8Array.from(bytes));
