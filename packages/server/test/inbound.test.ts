import { decodeFrameBody, type TransportKind } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import { Inbound } from '../src/sessions/inbound.js';
import type { Outlet } from '../src/users/outlet.js';
import { Peer } from './support/peer-transport.js';
import { createRuntime } from './support/runtime.js';

const packets = ['1', '2', '3'].map((dataContent) =>
  decodeFrameBody(`{"type":2,"dataContent":"${dataContent}"}`),
);
const [one, two, three] = packets;

function setUp(transport: TransportKind = 'tcp', packetsPerSecond = 1) {
  const runtime = createRuntime(undefined, { packetsPerSecond });
  const { clock, metrics } = runtime;
  const connection = new Peer(transport, '192.0.2.1', 1);
  let tooFast = 0;
  const onTooFast = () => {
    tooFast += 1;
  };
  const inbound = new Inbound({ connection, runtime, limited: onTooFast });
  return { clock, connection, inbound, metrics, tooFast: () => tooFast };
}

/** A receiver whose catching up is the test's. */
function slowReceiver() {
  const resumes: (() => void)[] = [];
  const ignore = (): void => {};
  const receiver: Outlet = {
    info: {
      sessionId: 1,
      userId: 'bob',
      deviceId: '',
      transport: 'tcp',
      remoteAddress: '192.0.2.2',
      remotePort: 1,
      firstLoginTime: 0,
      extra: undefined,
    },
    isReliable: true,
    maxSendBytes: 6144,
    isStuck: () => false,
    write: () => false,
    answer: ignore,
    waitFor: ignore,
    onCaughtUp: (resume) => resumes.push(resume),
    replace: ignore,
    kick: ignore,
    end: ignore,
  };
  const catchUp = () => {
    for (const resume of resumes.splice(0)) resume();
  };
  return { receiver, resumes, catchUp };
}

describe('Inbound', () => {
  it('keeps reading while it is blocked, until something has to wait', () => {
    const { connection, inbound } = setUp();
    inbound.block();
    expect([inbound.isBlocked, inbound.isPaused, connection.isPaused]).toEqual([true, false, false]);
    if (one !== undefined) inbound.defer(one);
    expect([inbound.hasDeferred, inbound.isPaused, connection.isPaused]).toEqual([true, true, true]);
  });

  it('returns what has waited in order, and resumes reading when that is handled', () => {
    const { connection, inbound } = setUp();
    inbound.block();
    for (const packet of packets) inbound.defer(packet);
    expect(inbound.unblock()).toEqual([one, two, three]);
    expect([inbound.isBlocked, inbound.hasDeferred, connection.isPaused]).toEqual([false, false, true]);
    inbound.update();
    expect(connection.isPaused).toBe(false);
  });

  it('stays paused if what has waited must wait again', () => {
    const { connection, inbound } = setUp();
    inbound.block();
    for (const packet of packets) inbound.defer(packet);
    inbound.unblock();
    inbound.block();
    if (three !== undefined) inbound.defer(three);
    inbound.update();
    expect(connection.isPaused).toBe(true);
    expect(inbound.unblock()).toEqual([three]);
  });

  it('keeps at most 64 packets of a peer that cannot be paused', () => {
    const { inbound } = setUp('udp');
    inbound.block();
    for (let at = 0; at < 64; at++) if (one !== undefined) expect(inbound.defer(one)).toBe(true);
    expect(packets.map((packet) => inbound.defer(packet))).toEqual([false, false, false]);
  });

  it('waits for each receiver that is behind, once', () => {
    const { connection, inbound } = setUp();
    const [first, second] = [slowReceiver(), slowReceiver()];
    inbound.waitFor(first.receiver);
    inbound.waitFor(first.receiver);
    inbound.waitFor(second.receiver);
    expect(first.resumes).toHaveLength(1);
    first.catchUp();
    expect(connection.isPaused).toBe(true);
    second.catchUp();
    expect(connection.isPaused).toBe(false);
  });

  it('stays paused while another reason holds', () => {
    const { clock, connection, inbound } = setUp();
    const { receiver, catchUp } = slowReceiver();
    for (let i = 0; i < 3; i++) inbound.admits(clock.now());
    inbound.waitFor(receiver);
    catchUp();
    expect(connection.isPaused).toBe(true);
    clock.advance(1000);
    expect(connection.isPaused).toBe(false);
  });

  it('pauses a stream that sends too fast, and admits what has arrived', () => {
    const { clock, connection, inbound, metrics, tooFast } = setUp();
    expect([1, 2, 3, 4].map(() => inbound.admits(clock.now()))).toEqual([true, true, true, true]);
    expect(connection.isPaused).toBe(true);
    expect([metrics.limitPackets, tooFast()]).toEqual([2, 2]);
    clock.advance(999);
    expect(connection.isPaused).toBe(true);
    clock.advance(1);
    expect(connection.isPaused).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it('does not admit packets above the rate on UDP', () => {
    const { clock, inbound } = setUp('udp');
    expect([1, 2, 3].map(() => inbound.admits(clock.now()))).toEqual([true, true, false]);
    expect(clock.pending).toBe(0);
  });

  it('admits the packets of two seconds at once, and then one at a time', () => {
    const { clock, inbound } = setUp('udp', 10);
    const admitted = () => Array.from({ length: 30 }, () => inbound.admits(clock.now()));
    expect(admitted().filter(Boolean)).toHaveLength(20);
    clock.advance(100_000);
    expect(admitted().filter(Boolean)).toHaveLength(20);
  });

  it('admits a peer at exactly the rate without a limit', () => {
    const { clock, inbound } = setUp('udp', 10);
    for (let at = 0; at < 1000; at++) {
      expect(inbound.admits(clock.now())).toBe(true);
      clock.advance(100);
    }
  });

  it('drops what waits when the session has ended, and no longer uses the connection', () => {
    const { clock, connection, inbound } = setUp();
    const { receiver, catchUp } = slowReceiver();
    for (let i = 0; i < 3; i++) inbound.admits(clock.now());
    inbound.waitFor(receiver);
    inbound.end();
    expect(clock.pending).toBe(0);
    if (one !== undefined) expect(inbound.defer(one)).toBe(true);
    expect(inbound.hasDeferred).toBe(false);
    expect(inbound.unblock()).toEqual([]);
    inbound.waitFor(slowReceiver().receiver);
    inbound.admits(clock.now());
    catchUp();
    inbound.update();
    expect(connection.isPaused).toBe(true);
    expect(clock.pending).toBe(0);
  });
});
