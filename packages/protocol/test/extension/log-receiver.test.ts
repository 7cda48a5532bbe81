import { describe, expect, it } from 'vitest';
import { NEVER } from '../../src/clock.js';
import { type LogAction, type LogDelivery, LogReceiver } from '../../src/extension/log-receiver.js';
import type { LogStart } from '../../src/extension/login-answer.js';

type Actions = LogAction<string>[];

const start = (fields: Partial<LogStart> = {}): LogStart => ({
  epoch: 'e1',
  position: 10,
  first: 1,
  last: 10,
  window: 64,
  ...fields,
});

/** A device at position 10 of epoch e1, whose login was just answered. */
function online(kind: 'stream' | 'datagram' = 'stream', fields: Partial<LogStart> = {}) {
  const receiver = new LogReceiver<string>({ epoch: 'e1', position: 10 });
  receiver.linkStarted(kind, 100);
  receiver.answered(start(fields), 0);
  return receiver;
}

const kinds = (actions: Actions) => actions.map(({ kind }) => kind);
const delivered = (actions: Actions) =>
  actions.flatMap((action) => (action.kind === 'deliver' ? [action.entry] : []));
const deliveries = (actions: Actions): LogDelivery[] =>
  actions.flatMap((action) => (action.kind === 'deliver' ? [action.delivery] : []));

/** Receives entries from one position to another, and handles them at once. */
function handle(receiver: LogReceiver<string>, from: number, to: number, now: number): Actions {
  const actions: Actions = [];
  for (let position = from; position <= to; position++)
    for (const delivery of deliveries(receiver.received(position, `m${position}`, now)))
      actions.push(...receiver.handled(delivery, now));
  return actions;
}

describe('LogReceiver', () => {
  it('delivers the next entry', () => {
    expect(delivered(online().received(11, 'm11', 0))).toEqual(['m11']);
  });

  it('delivers an entry once', () => {
    const receiver = online();
    receiver.received(11, 'm11', 0);
    expect(delivered(receiver.received(11, 'm11', 1))).toEqual([]);
  });

  it('ignores entries before the login is answered', () => {
    const receiver = new LogReceiver<string>({ epoch: 'e1', position: 10 });
    receiver.linkStarted('stream', 0);
    expect(receiver.received(11, 'm11', 0)).toEqual([]);
  });

  it('ignores a second answer on the same link', () => {
    const receiver = online();
    handle(receiver, 11, 12, 0);
    expect(receiver.answered(start({ position: 10 }), 1)).toEqual([]);
    expect(delivered(receiver.received(13, 'm13', 1))).toEqual(['m13']);
  });

  describe('acknowledges', () => {
    it('what the application has handled, not what was delivered', () => {
      const receiver = online();
      const [first, second] = [...Array(2).keys()].flatMap((i) =>
        deliveries(receiver.received(11 + i, 'm', 0)),
      );
      expect(receiver.nextDeadline).toBe(NEVER);
      if (second) receiver.handled(second, 0);
      expect(receiver.position?.position).toBe(10);
      if (first) receiver.handled(first, 0);
      expect(receiver.position?.position).toBe(12);
    });

    it('200 ms after the first entry that was handled', () => {
      const receiver = online();
      expect(handle(receiver, 11, 12, 1000)).toEqual([]);
      expect(receiver.nextDeadline).toBe(1200);
      expect(receiver.poll(1200)).toEqual([
        { kind: 'save', position: { epoch: 'e1', position: 12 } },
        { kind: 'acknowledge', position: 12 },
      ]);
      expect(receiver.nextDeadline).toBe(NEVER);
    });

    it('after 16 entries at once', () => {
      const receiver = online();
      expect(kinds(handle(receiver, 11, 25, 0))).toEqual([]);
      expect(kinds(handle(receiver, 26, 26, 0))).toEqual(['save', 'acknowledge']);
    });

    it('after half a window, if that is less', () => {
      const receiver = online('stream', { window: 16 });
      expect(kinds(handle(receiver, 11, 18, 0))).toEqual(['save', 'acknowledge']);
    });

    it('the end of a catch-up at once', () => {
      const receiver = online('stream', { last: 13 });
      expect(kinds(handle(receiver, 11, 12, 0))).toEqual([]);
      expect(kinds(handle(receiver, 13, 13, 0))).toEqual(['save', 'acknowledge']);
    });

    it('what comes again, again', () => {
      const receiver = online();
      handle(receiver, 11, 11, 0);
      receiver.poll(200);
      receiver.received(11, 'm11', 5000);
      expect(receiver.poll(5200)).toContainEqual({ kind: 'acknowledge', position: 11 });
    });

    it('nothing without a link, but stores the position', () => {
      const receiver = online();
      const [delivery] = deliveries(receiver.received(11, 'm11', 0));
      receiver.linkEnded();
      if (delivery) receiver.handled(delivery, 10);
      expect(receiver.poll(210)).toEqual([{ kind: 'save', position: { epoch: 'e1', position: 11 } }]);
    });
  });

  describe('over a stream', () => {
    it('asks at once when an entry is missing, once', () => {
      const receiver = online();
      expect(receiver.received(12, 'm12', 0)).toEqual([
        { kind: 'save', position: { epoch: 'e1', position: 10 } },
        { kind: 'sync', after: 10, cause: 'hole' },
      ]);
      expect(receiver.received(13, 'm13', 1)).toEqual([]);
      expect(delivered(receiver.received(11, 'm11', 2))).toEqual(['m11']);
      expect(delivered(receiver.received(12, 'm12', 3))).toEqual(['m12']);
    });

    it('asks from what is handled, and ignores what comes again', () => {
      const receiver = online();
      receiver.received(11, 'm11', 0);
      expect(receiver.received(13, 'm13', 0)).toContainEqual({ kind: 'sync', after: 10, cause: 'hole' });
      expect(delivered(receiver.received(11, 'm11', 1))).toEqual([]);
    });

    it('asks again after 5 s', () => {
      const receiver = online();
      receiver.received(12, 'm12', 0);
      expect(kinds(receiver.poll(5000))).toEqual(['save', 'sync']);
    });
  });

  describe('over UDP', () => {
    it('keeps what comes out of order, and delivers it in order', () => {
      const receiver = online('datagram', { window: 16 });
      expect(receiver.received(13, 'm13', 0)).toEqual([]);
      expect(receiver.received(12, 'm12', 0)).toEqual([]);
      expect(delivered(receiver.received(11, 'm11', 10))).toEqual(['m11', 'm12', 'm13']);
      expect(receiver.nextDeadline).toBe(NEVER);
    });

    it('asks after one and a half round trips, then at growing intervals', () => {
      const receiver = online('datagram');
      receiver.received(12, 'm12', 1000);
      expect(receiver.nextDeadline).toBe(1150);
      expect(receiver.poll(1150)).toContainEqual({ kind: 'sync', after: 10, cause: 'hole' });
      expect(receiver.nextDeadline).toBe(1300);
      receiver.poll(1300);
      expect(receiver.nextDeadline).toBe(1600);
    });

    it('waits anew for the next missing entry, when the first one has come', () => {
      const receiver = online('datagram');
      receiver.received(12, 'm12', 1000);
      receiver.received(14, 'm14', 1000);
      receiver.poll(1150);
      receiver.received(11, 'm11', 1200);
      expect(receiver.nextDeadline).toBe(1350);
    });

    it('writes its position after the answer, and asks if nothing comes', () => {
      const receiver = new LogReceiver<string>({ epoch: 'e1', position: 10 });
      receiver.linkStarted('datagram', 100);
      expect(receiver.answered(start({ last: 12 }), 0)).toContainEqual({ kind: 'acknowledge', position: 10 });
      expect(kinds(receiver.poll(150))).toEqual(['save', 'sync']);
    });

    it('keeps no more than a window', () => {
      const receiver = online('datagram', { window: 16 });
      for (let position = 12; position < 1000; position++) receiver.received(position, `m${position}`, 0);
      expect(delivered(receiver.received(11, 'm11', 1)).length).toBe(16);
    });

    it('gives an entry that has arrived, although a skip says that it left the log since', () => {
      const receiver = online('datagram');
      receiver.received(12, 'm12', 0);
      receiver.skipped(12, 14, 'expired', 0);
      expect(delivered(receiver.received(11, 'm11', 1))).toEqual(['m11', 'm12']);
    });

    it('applies a skip that arrived before what precedes it', () => {
      const receiver = online('datagram');
      receiver.skipped(12, 14, 'expired', 0);
      expect(receiver.received(11, 'm11', 1)).toContainEqual({
        kind: 'gap',
        from: 12,
        to: 14,
        reason: 'expired',
      });
      expect(delivered(receiver.received(15, 'm15', 2))).toEqual(['m15']);
    });
  });

  it('tells of skipped entries, without those that it has', () => {
    const receiver = online();
    receiver.received(11, 'm11', 0);
    expect(receiver.skipped(10, 13, 'trimmed', 0)).toContainEqual({
      kind: 'gap',
      from: 12,
      to: 13,
      reason: 'trimmed',
    });
    expect(delivered(receiver.received(14, 'm14', 0))).toEqual(['m14']);
  });

  describe('passes over own messages that are stored', () => {
    it('at the next position', () => {
      const receiver = online();
      receiver.stored(11, 0);
      expect(delivered(receiver.received(12, 'm12', 0))).toEqual(['m12']);
    });

    it('and forgets those that a skip contains, so that there is room for others', () => {
      const receiver = online();
      for (let position = 12; position < 12 + 256; position++) receiver.stored(position, 0);
      receiver.skipped(11, 400, 'trimmed', 0);
      receiver.stored(401, 0);
      expect(delivered(receiver.received(402, 'm402', 0))).toEqual(['m402']);
    });

    it('further on, without taking them for a hole', () => {
      const receiver = online();
      expect(receiver.stored(13, 0)).toEqual([]);
      receiver.received(11, 'm11', 0);
      receiver.received(12, 'm12', 0);
      expect(delivered(receiver.received(14, 'm14', 0))).toEqual(['m14']);
    });
  });

  describe('asks when it is behind for an interval', () => {
    it('and gets nothing', () => {
      const receiver = online();
      expect(receiver.keptAlive(11, 0)).toEqual([]);
      expect(receiver.keptAlive(11, 3000)).toContainEqual({ kind: 'sync', after: 10, cause: 'behind' });
    });

    it('but not while entries come', () => {
      const receiver = online();
      receiver.keptAlive(99, 0);
      handle(receiver, 11, 11, 1000);
      expect(receiver.keptAlive(99, 3000)).toEqual([]);
    });

    it('but not if the entries are new', () => {
      const receiver = online();
      receiver.keptAlive(10, 0);
      expect(receiver.keptAlive(11, 3000)).toEqual([]);
    });

    it('but not while the window is full of what the application handles', () => {
      const receiver = online('stream', { window: 2 });
      receiver.received(11, 'm11', 0);
      receiver.received(12, 'm12', 0);
      receiver.keptAlive(20, 0);
      expect(receiver.keptAlive(20, 3000)).toEqual([]);
    });
  });

  describe('on another link', () => {
    it('continues, and ignores what it has', () => {
      const receiver = online();
      handle(receiver, 11, 12, 0);
      receiver.received(13, 'm13', 0);
      receiver.linkStarted('datagram', 100);
      receiver.answered(start({ position: 12, last: 14 }), 1);
      expect(delivered(receiver.received(13, 'm13', 2))).toEqual([]);
      expect(delivered(receiver.received(14, 'm14', 2))).toEqual(['m14']);
    });

    it('tells of the hole that the answer names', () => {
      const receiver = online();
      receiver.linkStarted('stream', 0);
      const hole = { from: 11, to: 20 };
      expect(receiver.answered(start({ position: 20, first: 21, last: 25, hole }), 1)).toContainEqual({
        kind: 'gap',
        ...hole,
        reason: 'hole',
      });
      expect(delivered(receiver.received(21, 'm21', 2))).toEqual(['m21']);
    });

    it('tells of a hole even if the server names none', () => {
      const receiver = online();
      receiver.linkStarted('stream', 0);
      const actions = receiver.answered(start({ position: 20, last: 25 }), 1);
      expect(actions).toContainEqual({ kind: 'gap', from: 11, to: 20, reason: 'hole' });
    });

    it('starts anew in another epoch, and ignores what is handled of the old one', () => {
      const receiver = online();
      const [old] = deliveries(receiver.received(11, 'm11', 0));
      receiver.linkStarted('stream', 0);
      const hole = { from: 1, to: 5 };
      const actions = receiver.answered(start({ epoch: 'e2', position: 5, last: 5, hole }), 1);
      expect(actions).toEqual([
        { kind: 'gap', ...hole, reason: 'hole' },
        { kind: 'save', position: { epoch: 'e2', position: 5 } },
      ]);
      for (let position = 6; position < 11; position++) receiver.skipped(position, position, 'expired', 2);
      expect(delivered(receiver.received(11, 'new', 3))).toEqual(['new']);
      if (old) expect(receiver.handled(old, 3)).toEqual([]);
      expect(receiver.position).toEqual({ epoch: 'e2', position: 10 });
    });

    it('starts anew if the log has become shorter', () => {
      const receiver = online();
      receiver.linkStarted('stream', 0);
      const hole = { from: 1, to: 4 };
      receiver.answered(start({ position: 4, last: 4, hole }), 1);
      expect(delivered(receiver.received(5, 'm5', 2))).toEqual(['m5']);
    });
  });

  it('begins where the server says on a new device, without a gap', () => {
    const receiver = new LogReceiver<string>(undefined);
    receiver.linkStarted('stream', 0);
    expect(kinds(receiver.answered(start({ position: 7 }), 0))).toEqual(['save']);
    expect(delivered(receiver.received(8, 'm8', 0))).toEqual(['m8']);
  });
});
