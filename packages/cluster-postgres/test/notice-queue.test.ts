import { describe, expect, it } from 'vitest';
import { NoticeQueue } from '../src/notice-queue.js';

/** A notification that costs 1000 bytes. */
const KILOBYTE = { channel: 'channel', text: 'x'.repeat(1000 - 128 - 7) };

describe('NoticeQueue', () => {
  it('has no room beyond its limit until something is written', () => {
    const queue = new NoticeQueue(2500);
    expect([queue.add(KILOBYTE), queue.add(KILOBYTE), queue.add(KILOBYTE)]).toEqual([true, true, false]);
    const batch = queue.nextBatch();
    expect(batch).toHaveLength(2);
    expect(queue.add(KILOBYTE)).toBe(false);
    queue.written(batch);
    expect(queue.isEmpty).toBe(true);
    expect(queue.add(KILOBYTE)).toBe(true);
  });

  it('gives what waits in order, a probe first', () => {
    const queue = new NoticeQueue(10_000);
    for (const text of ['a', 'b']) queue.add({ channel: 'c', text });
    queue.addFirst({ channel: 'c', text: 'probe' });
    expect(queue.nextBatch().map(({ text }) => text)).toEqual(['probe', 'a', 'b']);
    expect(queue.nextBatch()).toEqual([]);
  });

  it('limits a batch in number and in bytes', () => {
    const small = new NoticeQueue(8 * 1024 * 1024);
    for (let count = 0; count < 600; count += 1) small.add({ channel: 'c', text: 'x' });
    expect([1, 2, 3].map(() => small.nextBatch().length)).toEqual([256, 256, 88]);
    const large = new NoticeQueue(8 * 1024 * 1024);
    for (let count = 0; count < 300; count += 1) large.add(KILOBYTE);
    expect([1, 2].map(() => large.nextBatch().length)).toEqual([256, 44]);
    const huge = new NoticeQueue(8 * 1024 * 1024);
    for (let count = 0; count < 60; count += 1) huge.add({ channel: 'c', text: 'x'.repeat(7900) });
    expect(huge.nextBatch()).toHaveLength(32);
  });
});
