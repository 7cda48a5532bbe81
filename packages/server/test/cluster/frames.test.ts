import { describe, expect, it } from 'vitest';
import type { SessionClaim } from '../../src/cluster/claims.js';
import { decodeFrame, encodeFrames, type FrameBody, goneChange } from '../../src/cluster/frames.js';
import type { Entry } from '../../src/ports/message-store.js';

const head = { nodeId: 'node-1', life: 1_700_000_000_000_123 };

const session = (userId: string, deviceId = ''): SessionClaim => ({
  ...{ userId, deviceId },
  firstLoginTime: 1_700_000_000_000,
  stamp: 1_700_000_000_007,
});

const entry = (to: string, position: number): Entry => ({
  ...{ to, position, id: position, from: '"0"', fingerprint: 'f-1', acceptedAt: 1_700_000_000_000 },
  ...{ body: '{"dataContent":"\\n\u00e6\u00b6\u0088"}', kind: 'message' },
});

const decoded = (body: FrameBody, maxFrameBytes = 4096) =>
  encodeFrames(head, body, maxFrameBytes).map((frame) => {
    expect(frame.byteLength).toBeLessThanOrEqual(maxFrameBytes);
    return decodeFrame(frame);
  });

describe('frames', () => {
  it.each<FrameBody>([
    { kind: 'changes', seq: 7, items: [session('a'), session('é\ud800', 'phone'), goneChange(session('b'))] },
    { kind: 'changes', seq: 8, items: [goneChange(session('b', 'phone'))] },
    {
      ...{ kind: 'beat', seq: 7, digest: 0xffffffff, users: 3, state: 'draining', store: 's' },
      items: [{ nodeId: 'b', from: 5, to: 9 }],
    },
    { kind: 'ask' },
    { kind: 'all', seq: 7, part: 0, parts: 1, items: [] },
    { kind: 'hint', from: 1, n: 3, items: ['a', entry('b', 7), entry('é\ud800', 2 ** 53 - 1), 'c'] },
    { kind: 'kick', id: 1, userId: 'a', deviceId: '', code: 2, reason: undefined, upTo: undefined },
    { kind: 'kick', id: 1, userId: 'a', deviceId: undefined, code: 2, reason: '违规 "rules"', upTo: 7 },
    { kind: 'kicked', id: 1, count: 2 },
    { kind: 'list', id: 1, after: '', limit: 10 },
    { kind: 'listed', id: 1, items: ['a'], hasMore: true },
    { kind: 'bye' },
  ])('are read as they were written: $kind', (body) => {
    expect(decoded(body)).toEqual([{ ...head, ...body }]);
  });

  it('take about 30 bytes for a session', () => {
    const items = Array.from({ length: 100 }, (_, index) => session(`user${1000 + index}`));
    const bytes = encodeFrames(head, { kind: 'changes', seq: 1, items }, 65_536)[0]?.byteLength ?? 0;
    expect(bytes / 100).toBeLessThan(31);
  });

  it('are split into numbered ones, the largest IDs included', () => {
    const items = Array.from({ length: 40 }, (_, index) =>
      session('\u0001'.repeat(255) + index, '\u0002'.repeat(256)),
    );
    const changes = decoded({ kind: 'changes', seq: 7, items });
    expect(changes.length).toBeGreaterThan(20);
    expect(changes.map((frame) => typeof frame === 'object' && 'seq' in frame && frame.seq)).toEqual(
      changes.map((_, index) => 7 + index),
    );
    expect(
      changes.flatMap((frame) => (typeof frame === 'object' && frame.kind === 'changes' ? frame.items : [])),
    ).toEqual(items);
    const all = decoded({ kind: 'all', seq: 7, part: 0, parts: 1, items });
    expect(all).toMatchObject(all.map((_, part) => ({ seq: 7, part, parts: all.length })));
    const hints = decoded({ kind: 'hint', from: 0, n: 3, items: items.map(({ userId }) => userId) });
    expect(hints).toMatchObject(hints.map((_, index) => ({ from: 0, n: 3 + index })));
  });

  it('keep what fits of a page of users', () => {
    const items = Array.from({ length: 1000 }, (_, index) => `user${1000 + index}`);
    const [page, ...others] = decoded({ kind: 'listed', id: 1, items, hasMore: false });
    expect(others).toEqual([]);
    expect(page).toMatchObject({ hasMore: true, items: expect.arrayContaining(['user1000', 'user1200']) });
  });

  const text = (json: string) => decodeFrame(Buffer.from(`\u0001${json}`));

  it('ignore fields and kinds of later versions', () => {
    expect(text('{"kind":"ask","nodeId":"b","life":1,"mood":"fine"}')).toEqual({
      ...{ kind: 'ask', nodeId: 'b', life: 1 },
    });
    expect(text('{"kind":"changes","nodeId":"b","life":1,"seq":1,"items":[["a",5,0,"",9]]}')).toMatchObject({
      items: [{ userId: 'a', deviceId: '', firstLoginTime: 5, stamp: 5 }],
    });
    expect(text('{"kind":"song","nodeId":"b","life":1}')).toBe('unknown');
  });

  it.each([
    '{"kind":"ask","nodeId":"b"}',
    '{"kind":"ask","nodeId":"b c","life":1}',
    '{"kind":"ask","nodeId":"b","life":-1}',
    '{"kind":"ask","nodeId":"b","life":1.5}',
    '{"kind":"changes","nodeId":"b","life":1,"seq":1,"items":[[]]}',
    '{"kind":"changes","nodeId":"b","life":1,"seq":1,"items":[["a",5]]}',
    '{"kind":"changes","nodeId":"b","life":1,"seq":1,"items":[["a",5,9007199254740000]]}',
    '{"kind":"changes","nodeId":"b","life":1,"seq":1,"items":{"length":1e9}}',
    '{"kind":"hint","nodeId":"b","life":1,"from":0,"n":1,"items":[1]}',
    '{"kind":"hint","nodeId":"b","life":1,"from":0,"n":1,"items":[["a",1,1,"b","f",1]]}',
    '{"kind":"hint","nodeId":"b","life":1,"from":0,"n":1,"items":[["a",-1,1,"b","f",1,"body"]]}',
    '{"__proto__":{"kind":"ask","nodeId":"b","life":1}}',
    'null',
    '"',
  ])('are unreadable: %s', (json) => {
    expect(text(json)).toBe('unreadable');
  });

  it('of another version tell their node, and no more', () => {
    expect(decodeFrame(Buffer.from('\u0002{"kind":"ask","nodeId":"b","life":1}'))).toEqual({
      ...{ kind: 'foreign', version: 2 },
      ...{ nodeId: 'b', life: 1 },
    });
    expect(decodeFrame(Buffer.from('\u0002{"kind":"ask"}'))).toBe('unreadable');
    expect(decodeFrame(new Uint8Array())).toBe('unreadable');
  });
});
