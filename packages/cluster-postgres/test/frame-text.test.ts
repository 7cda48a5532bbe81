import { describe, expect, it } from 'vitest';
import { NoticeWriter, readNotice } from '../src/frame-text.js';

describe('the text of a notification', () => {
  it('is read as it was written', () => {
    const writer = new NoticeWriter();
    const frame = Buffer.from([0, 255, 10, 34]);
    expect(readNotice(writer.frame(frame))).toEqual({ sender: writer.sender, number: 1, frame });
    expect(readNotice(writer.probe())).toEqual({ sender: writer.sender, number: 2, frame: undefined });
    expect(readNotice(writer.frame(new Uint8Array(0)))).toMatchObject({ number: 3, frame: Buffer.alloc(0) });
  });

  it('takes only the part of a buffer that a frame is', () => {
    const part = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
    expect(readNotice(new NoticeWriter().frame(part))?.frame).toEqual(Buffer.from([2, 3]));
  });

  it('fits into a notification for the largest frame and number', () => {
    const text = new NoticeWriter().frame(new Uint8Array(5900));
    const longest = Number.MAX_SAFE_INTEGER.toString(36).length;
    expect(text.length + longest - 1).toBeLessThan(8000);
  });

  it.each([
    '',
    'hello',
    'abcdefgh1',
    'abcdefgh.AAAA',
    'abcdefgh1.A"A',
    'abcdefgh1?x y',
    'abcdefghzzzzzzzzzzzz.',
  ])('is none of ours: %j', (text) => {
    expect(readNotice(text)).toBeUndefined();
  });
});
