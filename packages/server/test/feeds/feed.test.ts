import { NEVER } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import { FEED_BYTES, Feed, type FeedAction, type FeedEntry, type FeedPolicy } from '../../src/feeds/feed.js';

type Actions = FeedAction<FeedEntry>[];

/** A log with entries of 100 bytes, without those at `absent`. */
class TestLog {
  readonly sizes = new Map<number, number>();
  removed = 0;
  last: number;

  constructor(last: number, absent: readonly number[] = []) {
    this.last = last;
    for (let position = 1; position <= last; position++)
      if (!absent.includes(position)) this.sizes.set(position, 100);
  }

  append(): number {
    this.last += 1;
    this.sizes.set(this.last, 100);
    return this.last;
  }

  read(after: number, limit: number) {
    const entries = [...this.sizes]
      .filter(([position]) => position > after)
      .map(([position, bytes]) => ({ position, bytes }));
    return { entries: entries.slice(0, limit), removed: this.removed, last: this.last };
  }
}

const policy: FeedPolicy = { window: 64, maxFrameBytes: 65_536, retryWaitMs: 5000 };

const feedOf = (log: TestLog, position = 0, fields: Partial<FeedPolicy> = {}) =>
  new Feed<FeedEntry>(position, log.last, { ...policy, ...fields });

/** Answers the reads among actions at once, and returns all others in words. */
function answered(feed: Feed<FeedEntry>, log: TestLog, actions: Actions, now = 0): string[] {
  return actions.flatMap((action) => {
    switch (action.kind) {
      case 'read': {
        const page = log.read(action.after, action.limit);
        return answered(feed, log, feed.pageRead(action.after, action.limit, page, now), now);
      }
      case 'write':
        return [`${action.entry.position}`];
      case 'skip':
        return [`${action.from}-${action.to} ${action.reason}`];
      default:
        return [];
    }
  });
}

describe('Feed', () => {
  it('writes the log in order, up to the window', () => {
    const log = new TestLog(100);
    const feed = feedOf(log, 10, { window: 4 });
    expect(answered(feed, log, feed.appended(100, 0))).toEqual(['11', '12', '13', '14']);
    expect(answered(feed, log, feed.acknowledged(12, 1))).toEqual(['15', '16']);
  });

  it('writes new entries as the end of the same log', () => {
    const log = new TestLog(2);
    const feed = feedOf(log, 2);
    expect(feed.appended(2, 0)).toEqual([]);
    expect(answered(feed, log, feed.appended(log.append(), 1))).toEqual(['3']);
  });

  it('reads no more than fits into the window', () => {
    const feed = feedOf(new TestLog(100), 0, { window: 16 });
    expect(feed.appended(100, 0)).toEqual([{ kind: 'read', after: 0, limit: 16 }]);
    expect(feed.appended(101, 0)).toEqual([]);
  });

  it('reads nothing for a device that missed nothing', () => {
    expect(feedOf(new TestLog(7), 7).appended(7, 0)).toEqual([]);
  });

  it('writes at most 256 KiB beyond the acknowledged position, but always one entry', () => {
    const log = new TestLog(10);
    for (const position of log.sizes.keys()) log.sizes.set(position, FEED_BYTES / 2);
    const feed = feedOf(log, 0, { maxFrameBytes: FEED_BYTES * 2 });
    log.sizes.set(3, FEED_BYTES + 1);
    expect(answered(feed, log, feed.appended(10, 0))).toEqual(['1', '2']);
    expect(answered(feed, log, feed.acknowledged(2, 1))).toEqual(['3']);
    expect(answered(feed, log, feed.acknowledged(3, 2))).toEqual(['4', '5']);
  });

  describe('skips', () => {
    it('what has left the log: its beginning, and in between', () => {
      const log = new TestLog(8, [1, 2, 3, 6, 8]);
      log.removed = 3;
      const feed = feedOf(log);
      const expected = ['1-3 trimmed', '4', '5', '6-6 expired', '7', '8-8 expired'];
      expect(answered(feed, log, feed.appended(8, 0))).toEqual(expected);
    });

    it('what is too long for the session', () => {
      const log = new TestLog(3);
      log.sizes.set(2, 1201);
      const feed = feedOf(log, 0, { maxFrameBytes: 1200 });
      expect(answered(feed, log, feed.appended(3, 0))).toEqual(['1', '2-2 too-large', '3']);
    });

    it('more than a window, and then waits for its acknowledgement', () => {
      const log = new TestLog(
        1000,
        [...Array(900).keys()].map((i) => i + 1),
      );
      log.removed = 900;
      const feed = feedOf(log);
      expect(answered(feed, log, feed.appended(1000, 0))).toEqual(['1-900 trimmed']);
      expect(answered(feed, log, feed.acknowledged(900, 1))[0]).toBe('901');
    });
  });

  describe('passes over own messages', () => {
    it('without reading them', () => {
      const log = new TestLog(4);
      const feed = feedOf(log, 4);
      feed.passOver(log.append());
      expect(feed.appended(5, 0)).toEqual([]);
      expect(answered(feed, log, feed.appended(log.append(), 0))).toEqual(['6']);
    });

    it('but writes them if it goes back over them', () => {
      const log = new TestLog(4);
      const feed = feedOf(log, 4);
      feed.passOver(log.append());
      feed.appended(5, 0);
      expect(answered(feed, log, feed.synced(4, 1))).toEqual(['5']);
    });

    it('does not skip them with what is absent around them', () => {
      const log = new TestLog(7, [5, 6, 7]);
      const feed = feedOf(log, 4);
      feed.passOver(6);
      expect(answered(feed, log, feed.appended(7, 0))).toEqual(['5-5 expired', '7-7 expired']);
    });
  });

  describe('goes back', () => {
    it('to the acknowledged position, if nothing is acknowledged in time, at growing intervals', () => {
      const log = new TestLog(3);
      const feed = feedOf(log);
      answered(feed, log, feed.appended(3, 0));
      feed.acknowledged(1, 1000);
      expect(feed.nextDeadline).toBe(6000);
      expect(answered(feed, log, feed.poll(6000), 6000)).toEqual(['2', '3']);
      expect(feed.nextDeadline).toBe(16_000);
      feed.acknowledged(3, 7000);
      expect(feed.nextDeadline).toBe(NEVER);
    });

    it('to where a sync says, which acknowledges as well', () => {
      const log = new TestLog(5);
      const feed = feedOf(log);
      answered(feed, log, feed.appended(5, 0));
      expect(feed.synced(3, 1)).toContainEqual({ kind: 'acknowledged', position: 3 });
      expect(feed.position).toBe(3);
    });

    it('before its beginning, if a sync says so and nothing was acknowledged', () => {
      const log = new TestLog(6, [1, 2]);
      log.removed = 2;
      const feed = feedOf(log, 3);
      answered(feed, log, feed.appended(6, 0));
      expect(answered(feed, log, feed.synced(0, 10))).toEqual(['1-2 trimmed', '3', '4', '5', '6']);
      expect(feed.ignored).toBe(0);
      answered(feed, log, feed.acknowledged(4, 20));
      expect(answered(feed, log, feed.synced(3, 30))).toEqual([]);
      expect(feed.ignored).toBe(1);
    });

    it('while a page is being read, and then does not use it', () => {
      const log = new TestLog(100);
      const feed = feedOf(log, 0, { window: 8 });
      answered(feed, log, feed.appended(100, 0));
      const [, read] = feed.acknowledged(4, 1);
      expect(read).toEqual({ kind: 'read', after: 8, limit: 4 });
      expect(feed.synced(4, 2)).toEqual([]);
      const actions = feed.pageRead(8, 4, log.read(8, 4), 3);
      expect(answered(feed, log, actions)).toEqual(['5', '6', '7', '8', '9', '10', '11', '12']);
    });
  });

  describe('ignores and counts', () => {
    it.each([
      ['a position that is smaller than the last one', 2],
      ['a position beyond the end of the log', 6],
    ])('%s', (_name, position) => {
      const log = new TestLog(5);
      const feed = feedOf(log);
      answered(feed, log, feed.appended(5, 0));
      feed.acknowledged(3, 1);
      expect(feed.acknowledged(position, 2)).toEqual([]);
      expect(feed.synced(position, 2)).toEqual([]);
      expect([feed.position, feed.ignored]).toEqual([3, 2]);
    });
  });

  it('ignores a repeated position without counting it', () => {
    const log = new TestLog(5);
    const feed = feedOf(log);
    answered(feed, log, feed.appended(5, 0));
    feed.acknowledged(3, 1);
    expect(feed.acknowledged(3, 2)).toEqual([]);
    expect(feed.ignored).toBe(0);
  });

  it('accepts a position that the device has from an earlier link, beyond what this feed has written', () => {
    const log = new TestLog(50);
    const feed = feedOf(log, 0, { window: 4 });
    answered(feed, log, feed.appended(50, 0));
    expect(answered(feed, log, feed.acknowledged(20, 1))).toEqual(['21', '22', '23', '24']);
  });

  it('reads again a second after a log could not be read', () => {
    const log = new TestLog(2);
    const feed = feedOf(log);
    feed.appended(2, 0);
    feed.readFailed(500);
    expect(feed.appended(3, 600)).toEqual([]);
    expect(feed.nextDeadline).toBe(1500);
    expect(answered(feed, log, feed.poll(1500))).toEqual(['1', '2']);
  });

  it('ignores a page that it did not ask for, or that comes too late', () => {
    const log = new TestLog(2);
    const feed = feedOf(log);
    feed.appended(2, 0);
    feed.readFailed(500);
    expect(feed.pageRead(0, 2, log.read(0, 2), 600)).toEqual([]);
    expect(answered(feed, log, feed.poll(1500))).toEqual(['1', '2']);
  });

  it('does not read in a loop what a store does not have yet', () => {
    const log = new TestLog(2);
    const feed = feedOf(log, 2);
    expect(answered(feed, log, feed.appended(3, 0), 0)).toEqual([]);
    expect(feed.nextDeadline).toBe(1000);
    log.append();
    expect(answered(feed, log, feed.poll(1000))).toEqual(['3']);
  });
});
