import { describe, expect, it } from 'vitest';
import { decodeFrameBody } from '../../src/decode.js';
import { withExtension } from '../../src/extension/extension-frame.js';
import { readCanonical } from '../../src/read-canonical.js';
import { fieldsOf, packetWith, utf8 } from '../packet-fixture.js';

const MESSAGE =
  '{"bridge":false,"type":2,"dataContent":"hello","from":"alice","to":"bob","fp":"fp-1","QoS":true,"typeu":-1,"sm":-1}';

describe('readCanonical of frames with x', () => {
  it('reads x, and keeps the frame without it for forwarding', () => {
    const packet = readCanonical(withExtension(MESSAGE, '{"s":4712,"i":90211}'), 'keep');
    expect(packet?.x).toEqual({ s: 4712, i: 90211 });
    expect(packet?.body).toBe(MESSAGE);
    expect(packet && fieldsOf(packet)).toEqual(packetWith());
    expect(packet?.contentDigest).toBe(decodeFrameBody(MESSAGE).contentDigest);
  });

  it('reads texts of x as UTF-8', () => {
    expect(readCanonical(utf8(withExtension(MESSAGE, '{"log":"g:团队"}')), 'keep')?.x).toEqual({
      log: 'g:团队',
    });
  });

  it('reads the types of the extension, which have no content', () => {
    const position =
      '{"bridge":false,"type":1000,"from":"alice","to":"0","QoS":false,"typeu":-1,"sm":-1,"x":{"s":4727}}';
    const packet = readCanonical(position, 'keep');
    expect(packet?.type).toBe(1000);
    expect(packet?.dataContent).toBeUndefined();
    expect(packet?.x).toEqual({ s: 4727 });
  });

  it.each([
    ['two members', '{"s":1},"y":{}'],
    ['a second x', '{"s":1},"x":{"s":2}'],
    ['a member that would change the sender', '{"s":1},"from":"boss","y":{}'],
    ['a brace too many', '{"s":1}}'],
    ['an array', '[1]'],
    ['an array of objects', '[{}]'],
    ['a number', '1'],
    ['null', 'null'],
    ['white space behind it', '{"s":1} '],
  ])('leaves to the full decoder: %s', (_name, x) => {
    expect(readCanonical(withExtension(MESSAGE, x), 'keep')).toBeUndefined();
  });

  it('leaves a frame with a forged sender behind x to the full decoder, which reads what JSON says', () => {
    const packet = decodeFrameBody(withExtension(MESSAGE, '{"s":1},"from":"boss","y":{}'), 'keep');
    expect(packet.from).toBe('boss');
    expect(packet.x).toEqual({ s: 1 });
  });

  it('does not take a new type without x for canonical', () => {
    expect(readCanonical(MESSAGE.replace('"type":2', '"type":1000'), 'keep')).toBeUndefined();
  });

  it('reads deeply nested x without an overflow of the stack', () => {
    const depth = 30_000;
    const packet = decodeFrameBody(
      withExtension(MESSAGE, `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`),
      'keep',
    );
    expect(packet.body).toBe(MESSAGE);
  });

  it('leaves a long x to the full decoder, so that no part of it stays in memory with the message', () => {
    const x = (length: number) => `{"a":"${'x'.repeat(length)}"}`;
    expect(readCanonical(withExtension(MESSAGE, x(243)), 'keep')?.body).toBe(MESSAGE);
    expect(readCanonical(withExtension(MESSAGE, x(244)), 'keep')).toBeUndefined();
    expect(decodeFrameBody(withExtension(MESSAGE, x(244))).body).toBe(MESSAGE);
  });

  it.each(['', ' '])('drops x unless it is asked for, by pattern and full decoder: %j', (before) => {
    const frame = before + withExtension(MESSAGE, '{"s":1}');
    expect(decodeFrameBody(frame).x).toBeUndefined();
    expect(decodeFrameBody(frame, 'keep').x).toEqual({ s: 1 });
  });

  it('frees x on request', () => {
    const packet = decodeFrameBody(withExtension(MESSAGE, '{"s":1}'), 'keep');
    packet.dropExtension();
    expect(packet.x).toBeUndefined();
  });
});
