import { SeededRandom } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { WebSocketFrameReader } from '../src/transports/websocket-frames.js';

const MASK = [0x11, 0xa2, 0x33, 0xf4] as const;

/** A frame of a client. `first`: FIN, reserved bits and opcode. */
function frame(first: number, payload: string | Buffer, { length = 0, masked = true } = {}): Buffer {
  const bytes = Buffer.from(payload);
  const announced = length || bytes.length;
  const flag = masked ? 0x80 : 0;
  let header: Buffer;
  if (announced < 126) header = Buffer.from([first, flag | announced]);
  else if (announced < 0x10000) {
    header = Buffer.from([first, flag | 126, 0, 0]);
    header.writeUInt16BE(announced, 2);
  } else {
    header = Buffer.from([first, flag | 127, 0, 0, 0, 0, 0, 0, 0, 0]);
    header.writeBigUInt64BE(BigInt(announced), 2);
  }
  if (!masked) return Buffer.concat([header, bytes]);
  return Buffer.concat([
    header,
    Buffer.from(MASK),
    bytes.map((byte, index) => byte ^ (MASK[index % 4] ?? 0)),
  ]);
}

const [TEXT, BINARY, CLOSE, PING, PONG] = [0x81, 0x82, 0x88, 0x89, 0x8a];

/** Reads chunks. Returns what was reported, and the error and its close code. */
function read(chunks: readonly Buffer[], maxBodyBytes = 1000): unknown[] {
  const reported: unknown[] = [];
  const report = (kind: string) => (payload: string) => reported.push([kind, payload]) > 0;
  const reader = new WebSocketFrameReader(maxBodyBytes);
  const handler = { onText: report('text'), onPing: report('ping'), onClose: report('close') };
  try {
    for (const chunk of chunks) reader.push(Buffer.from(chunk), handler);
  } catch (error) {
    const { code, message } = error as Error & { code: string };
    reported.push([code, message, reader.closeCode]);
  }
  return reported;
}

describe('WebSocketFrameReader', () => {
  it.each([0, 1, 2, 3, 4, 5, 125, 126, 127, 300, 1000, 65_535, 65_536, 70_000])(
    'reads a message of %d bytes, also one byte at a time',
    (bytes) => {
      const text = 'abcdefg'.repeat(bytes / 7 + 1).slice(0, bytes);
      const sent = Buffer.concat([frame(TEXT, text), frame(TEXT, 'next')]);
      const expected = [
        ['text', text],
        ['text', 'next'],
      ];
      expect(read([sent], 70_000)).toEqual(expected);
      const single = Array.from(sent, (byte) => Buffer.from([byte]));
      expect(read(single, 70_000)).toEqual(expected);
    },
  );

  it('reports the same frames however they are cut into chunks', () => {
    const seeded = new SeededRandom(7);
    const random = (): number => seeded.next();
    for (let run = 0; run < 300; run++) {
      const frames = Array.from({ length: 1 + Math.floor(random() * 6) }, () => {
        const kind = random();
        if (kind < 0.2) return frame(PING, 'p'.repeat(random() * 126));
        if (kind < 0.3) return frame(PONG, 'q'.repeat(random() * 126));
        return frame(TEXT, '消息 '.repeat(random() * 140));
      });
      const all = Buffer.concat(frames);
      const chunks: Buffer[] = [];
      for (let at = 0; at < all.length; ) {
        const end = at + 1 + Math.floor(random() * random() * 400);
        chunks.push(all.subarray(at, end));
        at = end;
      }
      expect(read(chunks)).toEqual(read(frames));
    }
  });

  it('reports pings and close frames with their payload, and nothing of pongs', () => {
    const close = Buffer.from([0x03, 0xe8, 0x42, 0x79, 0x65]);
    expect(read([frame(PING, 'abc'), frame(PONG, 'x'), frame(CLOSE, ''), frame(CLOSE, close)])).toEqual([
      ['ping', 'abc'],
      ['close', ''],
      ['close', '\u0003\u00e8Bye'],
    ]);
  });

  const malformed: [string, Buffer, string, number][] = [
    ['the first fragment of a message', frame(0x01, 'v'), 'a message is fragmented', 1000],
    ['a continuation', frame(0x80, 'v'), 'a message is fragmented', 1000],
    ['a binary message', frame(BINARY, 'v'), 'a message is binary, allowed is text', 1000],
    ['a frame without a mask', frame(TEXT, 'v', { masked: false }), 'a frame is not masked', 1002],
    ['reserved bits', frame(0xc1, 'v'), 'a frame has reserved bits, none are negotiated', 1002],
    ['an unknown opcode', frame(0x83, 'v'), 'a frame has the opcode 3', 1002],
    ['a fragmented ping', frame(0x09, 'v'), 'a control frame is fragmented or longer than 125 bytes', 1002],
    [
      'a long ping',
      frame(PING, 'v'.repeat(126)),
      'a control frame is fragmented or longer than 125 bytes',
      1002,
    ],
    ['a close frame of one byte', frame(CLOSE, 'v'), 'a close frame has an invalid code', 1002],
    [
      'a reserved close code',
      frame(CLOSE, Buffer.from([0x03, 0xed])),
      'a close frame has an invalid code',
      1002,
    ],
    [
      'a close reason that is not UTF-8',
      frame(CLOSE, Buffer.from([0x03, 0xe8, 0xff])),
      'the reason of a close frame is not UTF-8',
      1007,
    ],
    ['text that is not UTF-8', frame(TEXT, Buffer.from([0x61, 0xff])), 'a text message is not UTF-8', 1007],
  ];
  it.each(malformed)('rejects %s', (_case, bytes, message, closeCode) => {
    const expected = [['ERR_MALFORMED_PACKET', message, closeCode]];
    expect(read([bytes])).toEqual(expected);
    expect(read(Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(expected);
  });

  it.each([1001, 65_535, 65_536, 2 ** 40])('rejects a message of %d bytes by its header', (length) => {
    const header = frame(TEXT, '', { length });
    const message = `a message has ${length} bytes, the limit is 1000`;
    const expected = [['ERR_FRAME_TOO_LARGE', message, 1009]];
    expect(read([header.subarray(0, -4)])).toEqual(expected);
  });

  it('rejects a fragment by its first two bytes, and reads control frames before it', () => {
    expect(read([Buffer.concat([frame(PING, ''), Buffer.from([0x01, 0xff])])])).toEqual([
      ['ping', ''],
      ['ERR_MALFORMED_PACKET', 'a message is fragmented', 1000],
    ]);
  });

  it('stops when the handler says so', () => {
    const received: string[] = [];
    const reader = new WebSocketFrameReader(1000);
    const stop = (payload: string) => received.push(payload) < 2;
    const handler = { onText: stop, onPing: stop, onClose: stop };
    const frames = Buffer.concat([frame(TEXT, 'a'), frame(TEXT, 'b'), frame(TEXT, 'c')]);
    reader.push(frames.subarray(0, 3), handler);
    reader.push(frames.subarray(3), handler);
    expect(received).toEqual(['a', 'b']);
  });
});
