import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../src/errors.js';
import { TCP_HEADER_BYTES, TcpFrameReader, writeTcpHeader } from '../src/tcp-framing.js';

/** A busy machine may take several times as long as a quiet one. */
const TIMEOUT_MS = 60_000;

const MAX_BODY_BYTES = 300;

/** A stream of frames with these bodies. */
function streamOf(bodies: readonly Uint8Array[]): Uint8Array {
  const stream = new Uint8Array(bodies.reduce((size, body) => size + TCP_HEADER_BYTES + body.length, 0));
  let at = 0;
  for (const body of bodies) {
    writeTcpHeader(stream, at, body.length);
    stream.set(body, at + TCP_HEADER_BYTES);
    at += TCP_HEADER_BYTES + body.length;
  }
  return stream;
}

/** The chunks of a stream, split at the given places. Each is an array of its own, as from a socket. */
function cutAt(stream: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = [...new Set(places.map((place) => place % (stream.length + 1)))].sort((a, b) => a - b);
  return [0, ...cuts].map((start, index) => stream.slice(start, cuts[index] ?? stream.length));
}

interface Outcome {
  readonly bodies: string[];
  readonly error: string | undefined;
}

function readAll(chunks: readonly Uint8Array[]): Outcome {
  const reader = new TcpFrameReader<Uint8Array>(MAX_BODY_BYTES, (size) => new Uint8Array(size).fill(0xee));
  const bodies: string[] = [];
  try {
    for (const chunk of chunks) {
      reader.push(chunk, (bytes, start, end) => {
        bodies.push(Buffer.from(bytes.subarray(start, end)).toString('latin1'));
        return true;
      });
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { bodies, error: error.message };
  }
  return { bodies, error: undefined };
}

const singleBytes = (stream: Uint8Array) => Array.from(stream, (byte) => Uint8Array.of(byte));
const someBodies = fc.array(fc.uint8Array({ minLength: 1, maxLength: MAX_BODY_BYTES }), { maxLength: 8 });
const somePlaces = fc.array(fc.nat(3000), { maxLength: 30 });

describe('framing, generated', { timeout: TIMEOUT_MS }, () => {
  it('finds the same bodies for any split into chunks', () => {
    fc.assert(
      fc.property(someBodies, somePlaces, (bodies, places) => {
        const stream = streamOf(bodies);
        const expected = {
          bodies: bodies.map((body) => Buffer.from(body).toString('latin1')),
          error: undefined,
        };
        expect(readAll([stream])).toEqual(expected);
        expect(readAll(cutAt(stream, places))).toEqual(expected);
        expect(readAll(singleBytes(stream))).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('finds the same error at the same place for any split of a broken stream', () => {
    const brokenLength = fc.constantFrom(0, MAX_BODY_BYTES + 1, 0x7fffffff, 0xffffffff);
    fc.assert(
      fc.property(
        someBodies,
        brokenLength,
        fc.uint8Array({ maxLength: 20 }),
        somePlaces,
        (bodies, length, rest, places) => {
          const header = new Uint8Array(TCP_HEADER_BYTES);
          writeTcpHeader(header, 0, length);
          const stream = Uint8Array.from([...streamOf(bodies), ...header, ...rest]);
          const whole = readAll([stream]);
          expect(whole.bodies).toHaveLength(bodies.length);
          expect(whole.error).toContain(`a body of ${length} bytes`);
          expect(readAll(cutAt(stream, places))).toEqual(whole);
          expect(readAll(singleBytes(stream))).toEqual(whole);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
