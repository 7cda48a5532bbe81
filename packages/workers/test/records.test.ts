import { describe, expect, it } from 'vitest';
import { RecordBuffer } from '../src/link/record-buffer.js';
import { HEADER_BYTES, RecordKind, RecordReader } from '../src/link/records.js';

interface Read {
  readonly kind: RecordKind;
  readonly connection: number;
  readonly body: string;
}

/** Reads chunks and returns the records. */
function read(reader: RecordReader, ...chunks: Buffer[]): Read[] {
  const records: Read[] = [];
  for (const chunk of chunks)
    reader.push(chunk, (kind, connection, bytes, start, end) =>
      records.push({ kind, connection, body: bytes.toString('latin1', start, end) }),
    );
  return records;
}

function written(...records: readonly Read[]): Buffer {
  const buffer = new RecordBuffer();
  for (const { kind, connection, body } of records) buffer.add(kind, connection, body);
  return buffer.take();
}

const RECORDS: readonly Read[] = [
  { kind: RecordKind.Message, connection: 1, body: '{"type":2}' },
  { kind: RecordKind.Pause, connection: 0xfffffffe, body: '' },
  { kind: RecordKind.Answer, connection: 0x01020304, body: '\x00\xff\x80 é' },
  { kind: RecordKind.Control, connection: 0, body: '{}' },
];

describe('records', () => {
  it('are read as they were written', () => {
    expect(read(new RecordReader(1000), written(...RECORDS))).toEqual(RECORDS);
  });

  it('are read wherever the stream is split', () => {
    const bytes = written(...RECORDS);
    for (let first = 1; first < bytes.length; first++) {
      for (const second of [first + 1, first + HEADER_BYTES, bytes.length - 1]) {
        const chunks = [
          bytes.subarray(0, first),
          bytes.subarray(first, second),
          bytes.subarray(Math.max(first, second)),
        ];
        expect(read(new RecordReader(1000), ...chunks)).toEqual(RECORDS);
      }
    }
  });

  it('are read byte by byte', () => {
    const bytes = written(...RECORDS);
    const reader = new RecordReader(1000);
    expect(read(reader, ...Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(RECORDS);
    expect(reader.isInRecord).toBe(false);
  });

  it('keep a body that comes in many chunks', () => {
    const body = 'x'.repeat(100_000);
    const bytes = written({ kind: RecordKind.Message, connection: 7, body });
    const chunks = Array.from({ length: 11 }, (_, index) =>
      bytes.subarray(index * 9_999, (index + 1) * 9_999),
    );
    expect(read(new RecordReader(100_000), ...chunks)).toEqual([
      { kind: RecordKind.Message, connection: 7, body },
    ]);
  });

  it.each([0, 24, 255])('of the kind %i are an error', (kind) => {
    const bytes = Buffer.alloc(HEADER_BYTES, 0);
    bytes[0] = kind;
    const act = () => read(new RecordReader(10), bytes);
    expect(act).toThrow(expect.objectContaining({ code: 'ERR_WORKER_LINK' }));
    expect(act).toThrow(`a record has the kind ${kind}, the kinds are 1 to 23`);
  });

  it('may be as long as the limit, and not a byte longer', () => {
    const largest = { kind: RecordKind.Message, connection: 1, body: 'x'.repeat(10) };
    expect(read(new RecordReader(10), written(largest))).toEqual([largest]);
    const tooLong = written({ ...largest, body: 'x'.repeat(11) });
    const message = 'a record announces a body of 11 bytes, the limit is 10';
    expect(() => read(new RecordReader(10), tooLong)).toThrow(message);
    expect(() => read(new RecordReader(10), tooLong.subarray(0, 3), tooLong.subarray(3))).toThrow(message);
  });

  it('say that one is not complete', () => {
    const reader = new RecordReader(10);
    read(reader, written(...RECORDS.slice(0, 1)).subarray(0, 5));
    expect(reader.isInRecord).toBe(true);
  });
});

describe('RecordBuffer', () => {
  it('does not overwrite what was taken', () => {
    const buffer = new RecordBuffer();
    buffer.add(RecordKind.Message, 1, 'first');
    const first = buffer.take();
    buffer.add(RecordKind.Message, 2, 'second');
    expect(read(new RecordReader(10), first, buffer.take()).map(({ body }) => body)).toEqual([
      'first',
      'second',
    ]);
  });

  it('uses the same memory again when it may', () => {
    const buffer = new RecordBuffer();
    buffer.add(RecordKind.Message, 1, 'first');
    const first = buffer.take();
    buffer.reuse(first);
    buffer.add(RecordKind.Message, 2, 'second');
    expect(buffer.take().buffer).toBe(first.buffer);
  });

  it('grows', () => {
    const buffer = new RecordBuffer();
    const bodies = Array.from({ length: 30 }, (_, index) => String(index).repeat(5000));
    for (const [index, body] of bodies.entries()) buffer.add(RecordKind.Message, index, body);
    expect(read(new RecordReader(20_000), buffer.take()).map(({ body }) => body)).toEqual(bodies);
  });
});
