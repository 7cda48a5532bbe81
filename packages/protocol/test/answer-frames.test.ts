import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keepAliveResponseFrame, loginResponseFrame } from '../src/answer-frames.js';
import { keepAliveResponsePacket, loginResponsePacket } from '../src/control.js';
import { encodeFrameBody } from '../src/encode.js';
import { someText } from './frame-arbitraries.js';

const someId = fc.oneof(
  fc.string({ maxLength: 20 }),
  someText,
  fc.constantFrom('', '"', '\\', '\u007f', '消'),
);
const someTime = fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));

describe('response frames', () => {
  it('equal the encoded packets for any user id', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, 1024, -1),
        someTime,
        someId,
        someTime,
        (code, firstLoginTime, to, sm) => {
          const login = loginResponsePacket({ code, firstLoginTime }, to);
          expect(loginResponseFrame({ code, firstLoginTime }, to, sm)).toBe(
            encodeFrameBody({ ...login, sm }),
          );
          expect(keepAliveResponseFrame(to, sm)).toBe(
            encodeFrameBody({ ...keepAliveResponsePacket(to), sm }),
          );
        },
      ),
      { numRuns: 3000 },
    );
  });
});
