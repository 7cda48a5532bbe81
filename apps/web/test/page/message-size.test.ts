import { dataPacket, encodeFrameBody } from '@imcore/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageSize } from '../../page/model/message-size.js';

const sizeOf = (text: string) => messageSize(text, 'alice', 'bob');

describe('messageSize', () => {
  it('counts bytes, not characters', () => {
    expect(sizeOf('abc').bytes).toBe(3);
    expect(sizeOf('é').bytes).toBe(2);
    expect(sizeOf('你好').bytes).toBe(6);
    expect(sizeOf('😀').bytes).toBe(4);
  });

  it('counts the escapes of a packet', () => {
    expect(sizeOf('a\n"\\').bytes).toBe(7);
    expect(sizeOf('\u0001').bytes).toBe(6);
  });

  it('has a limit that is smaller with longer user ids', () => {
    expect(sizeOf('').limit).toBe(65_536 - 256 - 8);
    expect(messageSize('', '爱丽丝', 'b'.repeat(256)).limit).toBe(65_536 - 256 - 9 - 256);
  });

  it('is shown from nine tenths of the limit', () => {
    const { limit } = sizeOf('');
    expect(sizeOf('x'.repeat(Math.floor(limit * 0.9)))).toMatchObject({ fits: true, isNear: false });
    expect(sizeOf('x'.repeat(Math.floor(limit * 0.9) + 1))).toMatchObject({ fits: true, isNear: true });
    expect(sizeOf('x'.repeat(limit))).toMatchObject({ fits: true, isNear: true });
    expect(sizeOf('x'.repeat(limit + 1))).toMatchObject({ fits: false, isNear: true });
  });

  it('never accepts a text whose packet is longer than 65 536 bytes', () => {
    const part = fc.string({
      unit: fc.constantFrom('x', '"', '\n', '你', '😀', '\ud800', '\u0001'),
      minLength: 1,
    });
    fc.assert(
      fc.property(part, fc.string({ minLength: 1 }), (unit, from) => {
        const { bytes, limit } = messageSize(unit, from, 'bob');
        const text = unit.repeat(Math.floor(limit / bytes));
        expect(messageSize(text, from, 'bob').fits).toBe(true);
        const packet = {
          ...dataPacket({ from, to: 'bob', content: text, fingerprint: '0'.repeat(36) }),
          sm: Date.now(),
          typeu: -2147483648,
        };
        expect(encodeFrameBody(packet).length).toBeLessThanOrEqual(65_536);
      }),
      { numRuns: 20 },
    );
  });
});
