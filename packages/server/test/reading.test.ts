import { decodeFrameBody, type TransportKind } from '@imcore/protocol';
import { VirtualClock } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../src/limits.js';
import { ServerMetrics } from '../src/metrics.js';
import type { LiveSession } from '../src/sessions/live-session.js';
import { Reading } from '../src/sessions/reading.js';
import { Peer } from './support/peer-transport.js';

const packets = ['1', '2', '3'].map((dataContent) =>
  decodeFrameBody(`{"type":2,"dataContent":"${dataContent}"}`),
);
const [one, two, three] = packets;

function setUp(transport: TransportKind = 'tcp') {
  const clock = new VirtualClock();
  const connection = new Peer(transport, '192.0.2.1', 1);
  const limits = { ...DEFAULT_LIMITS, packetsPerSecond: 1, maxDeferredPackets: 2 };
  const metrics = new ServerMetrics();
  let tooFast = 0;
  const onTooFast = () => {
    tooFast += 1;
  };
  const reading = new Reading(connection, { clock, metrics, limits }, { limited: onTooFast });
  return { clock, connection, reading, metrics, tooFast: () => tooFast };
}

/** A receiver whose catching up is the test's. */
function slowReceiver() {
  const resumes: (() => void)[] = [];
  const ignore = (): void => {};
  const receiver: LiveSession = {
    info: {
      userId: 'bob',
      transport: 'tcp',
      remoteAddress: '192.0.2.2',
      remotePort: 1,
      firstLoginTime: 0,
      extra: undefined,
    },
    maxSendBytes: 6144,
    isStuck: () => false,
    send: () => false,
    waitFor: ignore,
    onCaughtUp: (resume) => resumes.push(resume),
    displace: ignore,
    kick: ignore,
    end: ignore,
  };
  const catchUp = () => {
    for (const resume of resumes.splice(0)) resume();
  };
  return { receiver, resumes, catchUp };
}

describe('Reading', () => {
  it('goes on reading while it is blocked, until something has to wait', () => {
    const { connection, reading } = setUp();
    reading.block();
    expect([reading.isBlocked, reading.isPaused, connection.isPaused]).toEqual([true, false, false]);
    if (one !== undefined) reading.defer(one);
    expect([reading.hasDeferred, reading.isPaused, connection.isPaused]).toEqual([true, true, true]);
  });

  it('gives back what has waited in order, and reads on when that is handled', () => {
    const { connection, reading } = setUp();
    reading.block();
    for (const packet of packets) reading.defer(packet);
    expect(reading.unblock()).toEqual([one, two, three]);
    expect([reading.isBlocked, reading.hasDeferred, connection.isPaused]).toEqual([false, false, true]);
    reading.caughtUp();
    expect(connection.isPaused).toBe(false);
  });

  it('stays paused when what has waited has to wait again', () => {
    const { connection, reading } = setUp();
    reading.block();
    for (const packet of packets) reading.defer(packet);
    reading.unblock();
    reading.block();
    if (three !== undefined) reading.defer(three);
    reading.caughtUp();
    expect(connection.isPaused).toBe(true);
    expect(reading.unblock()).toEqual([three]);
  });

  it('keeps no more than the limit of what comes over UDP', () => {
    const { reading } = setUp('udp');
    reading.block();
    expect(packets.map((packet) => reading.defer(packet))).toEqual([true, true, false]);
  });

  it('waits for each receiver that is behind, once', () => {
    const { connection, reading } = setUp();
    const [first, second] = [slowReceiver(), slowReceiver()];
    reading.waitFor(first.receiver);
    reading.waitFor(first.receiver);
    reading.waitFor(second.receiver);
    expect(first.resumes).toHaveLength(1);
    first.catchUp();
    expect(connection.isPaused).toBe(true);
    second.catchUp();
    expect(connection.isPaused).toBe(false);
  });

  it('is paused for one reason as long as another holds', () => {
    const { clock, connection, reading } = setUp();
    const { receiver, catchUp } = slowReceiver();
    for (let i = 0; i < 3; i++) reading.admits(clock.now());
    reading.waitFor(receiver);
    catchUp();
    expect(connection.isPaused).toBe(true);
    clock.advance(1000);
    expect(connection.isPaused).toBe(false);
  });

  it('reads a stream more slowly that sends too fast, and admits what has come', () => {
    const { clock, connection, reading, metrics, tooFast } = setUp();
    expect([1, 2, 3, 4].map(() => reading.admits(clock.now()))).toEqual([true, true, true, true]);
    expect(connection.isPaused).toBe(true);
    expect([metrics.limitPackets, tooFast()]).toEqual([2, 2]);
    clock.advance(999);
    expect(connection.isPaused).toBe(true);
    clock.advance(1);
    expect(connection.isPaused).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it('does not admit what comes too fast over UDP', () => {
    const { clock, reading } = setUp('udp');
    expect([1, 2, 3].map(() => reading.admits(clock.now()))).toEqual([true, true, false]);
    expect(clock.pending).toBe(0);
  });

  it('forgets everything when the session has ended, and touches the connection no more', () => {
    const { clock, connection, reading } = setUp();
    const { receiver, catchUp } = slowReceiver();
    for (let i = 0; i < 3; i++) reading.admits(clock.now());
    reading.waitFor(receiver);
    reading.end();
    expect(clock.pending).toBe(0);
    if (one !== undefined) expect(reading.defer(one)).toBe(true);
    expect(reading.hasDeferred).toBe(false);
    expect(reading.unblock()).toEqual([]);
    reading.waitFor(slowReceiver().receiver);
    reading.admits(clock.now());
    catchUp();
    reading.caughtUp();
    expect(connection.isPaused).toBe(true);
    expect(clock.pending).toBe(0);
  });
});
