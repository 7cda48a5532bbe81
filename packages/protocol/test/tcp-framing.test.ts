import { describe, expect, it } from 'vitest';
import { TcpFrameReader, writeTcpHeader } from '../src/tcp-framing.js';
import { thrownBy } from './packet-fixture.js';

const bytes = (...values: number[]) => Uint8Array.from(values);

function readerWith(maxBodyBytes = 10) {
  const allocated: number[] = [];
  const reader = new TcpFrameReader<Uint8Array>(maxBodyBytes, (size) => {
    allocated.push(size);
    return new Uint8Array(size);
  });
  const bodies: number[][] = [];
  const push = (...chunk: number[]) =>
    reader.push(bytes(...chunk), (body, start, end) => {
      bodies.push([...body.subarray(start, end)]);
      return true;
    });
  return { reader, bodies, push, allocated };
}

describe('TcpFrameReader', () => {
  it('reads two frames from one chunk without copying', () => {
    const { push, bodies, allocated } = readerWith();
    push(0, 0, 0, 2, 7, 8, 0, 0, 0, 1, 9);
    expect(bodies).toEqual([[7, 8], [9]]);
    expect(allocated).toEqual([]);
  });

  it('reads a frame that arrives byte by byte', () => {
    const { push, bodies, reader } = readerWith();
    for (const byte of [0, 0, 0, 2, 7, 8]) {
      expect(bodies).toEqual([]);
      push(byte);
    }
    expect(bodies).toEqual([[7, 8]]);
    expect(reader.isInFrame).toBe(false);
  });

  it('reads a frame split between header and body', () => {
    const { push, bodies } = readerWith();
    push(0, 0, 0, 2);
    push(7, 8);
    expect(bodies).toEqual([[7, 8]]);
  });

  it('reads the frame after one that was split', () => {
    const { push, bodies } = readerWith();
    push(0, 0, 0, 2, 7);
    push(8, 0, 0, 0, 1, 9, 0, 0);
    push(0, 1, 6);
    expect(bodies).toEqual([[7, 8], [9], [6]]);
  });

  it('reports whether it is inside a frame', () => {
    const { reader, push } = readerWith();
    expect(reader.isInFrame).toBe(false);
    push(0);
    expect(reader.isInFrame).toBe(true);
    push(0, 0, 1, 5);
    expect(reader.isInFrame).toBe(false);
  });

  it('accepts a body of exactly the limit', () => {
    const { push, bodies } = readerWith(3);
    push(0, 0, 0, 3, 1, 2, 3);
    expect(bodies).toEqual([[1, 2, 3]]);
  });

  it('rejects a longer body before it allocates memory', () => {
    const { push, allocated } = readerWith(3);
    const error = thrownBy(() => push(0, 0, 0, 4));
    expect(error).toMatchObject({
      code: 'ERR_FRAME_TOO_LARGE',
      message: 'a frame announces a body of 4 bytes, the limit is 3',
    });
    expect(allocated).toEqual([]);
  });

  it('rejects a longer body whose header was split', () => {
    const { push, allocated } = readerWith(3);
    push(0, 0);
    expect(() => push(0, 4)).toThrow('a frame announces a body of 4 bytes');
    expect(allocated).toEqual([]);
  });

  it('reads the length as unsigned', () => {
    const { push } = readerWith();
    expect(() => push(0xff, 0xff, 0xff, 0xff)).toThrow('a body of 4294967295 bytes');
  });

  it('rejects an empty body', () => {
    const { push } = readerWith();
    expect(thrownBy(() => push(0, 0, 0, 0))).toMatchObject({ code: 'ERR_EMPTY_FRAME' });
  });

  it('reports the frames before an invalid one', () => {
    const { push, bodies } = readerWith();
    expect(() => push(0, 0, 0, 1, 5, 0, 0, 0, 0)).toThrow();
    expect(bodies).toEqual([[5]]);
  });

  it('stops when the callback returns false', () => {
    const reader = new TcpFrameReader<Uint8Array>(10, (size) => new Uint8Array(size));
    const first: number[] = [];
    reader.push(bytes(0, 0, 0, 1, 5, 0, 0, 0, 1, 6), (body, start) => {
      first.push(body[start] ?? -1);
      return false;
    });
    expect(first).toEqual([5]);
  });
});

describe('writeTcpHeader', () => {
  it('writes the length in big-endian order at the given offset', () => {
    const target = new Uint8Array(6);
    writeTcpHeader(target, 1, 0x01020304);
    expect([...target]).toEqual([0, 1, 2, 3, 4, 0]);
  });
});
