import { CLIENT_RETRY, NEVER } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import { EarlyCopies } from '../../src/node/early-copies.js';
import {
  acknowledgement,
  KEEP_ALIVE_ANSWER,
  onlineSession,
  outgoing,
  runUntil,
} from '../fixtures/machine.js';

describe('EarlyCopies', () => {
  it.each([
    ['1 s before the first measurement', undefined, 1_000],
    ['two round trips', 300, 600],
    ['at least 200 ms', 10, 200],
    ['at most 3 s', 2_000, 3_000],
  ])('waits %s', (_name, roundTripMs, waitMs) => {
    const early = new EarlyCopies();
    if (roundTripMs !== undefined) early.measured(roundTripMs);

    early.add('a', 50);

    expect(early.nextDeadline).toBe(50 + waitMs);
    expect(early.collectDue(50 + waitMs - 1)).toEqual([]);
    expect(early.collectDue(50 + waitMs)).toEqual(['a']);
    expect(early.nextDeadline).toBe(NEVER);
  });

  it('adapts slowly to changing round-trip times', () => {
    const early = new EarlyCopies();
    early.measured(400);
    early.measured(1_200);

    early.add('a', 0);

    expect(early.nextDeadline).toBe(1_000);
  });

  it('never ends a wait before that of an earlier message', () => {
    const early = new EarlyCopies();
    early.measured(1_000);
    early.add('slow', 0);
    for (let n = 0; n < 100; n++) early.measured(100);
    early.add('quick', 10);

    expect(early.collectDue(1_999)).toEqual([]);
    expect(early.collectDue(2_000)).toEqual(['slow', 'quick']);
  });

  it('forgets acknowledged messages, and all messages on a new link', () => {
    const early = new EarlyCopies();
    for (const fingerprint of ['a', 'b', 'c']) early.add(fingerprint, 0);
    early.remove('a');
    expect(early.collectDue(5_000)).toEqual(['b', 'c']);

    early.add('d', 0);
    early.clear();
    expect(early.nextDeadline).toBe(NEVER);
  });
});

/** When an unacknowledged message is written, and when it is given up. */
function copiesOf(session: ReturnType<typeof onlineSession>, sentAt: number) {
  session.send(outgoing(1), 'wait', sentAt);
  const copies = [sentAt];
  let givenUpAt: number | undefined;
  while (givenUpAt === undefined) {
    const at = session.nextDeadline;
    for (const { effect } of runUntil(session, at)) {
      if (effect.kind === 'write' && effect.frame.includes('"fp":"fp-1"')) copies.push(at);
      if (effect.kind === 'undelivered') givenUpAt = at;
    }
    session.receive(KEEP_ALIVE_ANSWER, at);
  }
  return { copies, givenUpAt };
}

describe('a client on a lossy transport', () => {
  const earlyRetransmission = () => new EarlyCopies();

  it('retransmits a message after two round trips, then by the retry policy', () => {
    const session = onlineSession({ earlyRetransmission, retry: CLIENT_RETRY });
    session.send(outgoing(7), 'wait', 0);
    session.receive(acknowledgement('fp-7'), 150);

    expect(copiesOf(session, 1_000)).toEqual({ copies: [1_000, 1_300, 6_000, 11_000], givenUpAt: 16_000 });
  });

  it('measures round-trip times from keep-alives', () => {
    const session = onlineSession({ earlyRetransmission });
    session.tick(3_000);
    session.receive(KEEP_ALIVE_ANSWER, 3_250);

    session.send(outgoing(1), 'wait', 3_300);

    expect(session.nextDeadline).toBe(3_800);
  });

  it('does not measure from an acknowledgement after a retransmission', () => {
    const session = onlineSession({ earlyRetransmission });
    session.send(outgoing(1), 'wait', 0);
    session.tick(1_000);
    session.receive(acknowledgement('fp-1'), 1_010);

    session.send(outgoing(2), 'wait', 1_020);

    expect(session.nextDeadline).toBe(2_020);
  });

  it('writes a message once when a late wake-up makes both schedules due', () => {
    const session = onlineSession({ earlyRetransmission });
    session.send(outgoing(1), 'wait', 0);

    const copies = session.tick(5_500).filter((each) => each.kind === 'write' && each.frame.includes('fp-1'));

    expect(copies).toHaveLength(1);
  });

  it('restarts on a new link', () => {
    const session = onlineSession({ earlyRetransmission });
    session.send(outgoing(1), 'wait', 0);
    session.linkClosed(undefined, 500);

    expect(runUntil(session, 1_400).filter(({ effect }) => effect.kind === 'write')).toEqual([]);
  });
});

describe('a client on a reliable transport', () => {
  it('retransmits by the retry policy only', () => {
    expect(copiesOf(onlineSession(), 0)).toEqual({ copies: [0, 5_000, 10_000], givenUpAt: 15_000 });
  });
});
