import { describe, expect, it } from 'vitest';
import { openBench } from './support/bench.js';
import { keepAlive, login, message } from './support/wire.js';

const times = [
  ['tcp', 20_000],
  ['websocket', 20_000],
  ['udp', 10_000],
] as const;

describe('the read time-out', () => {
  it.each(times)('closes a session on %s that has sent nothing for %d ms', async (transport, timeoutMs) => {
    const bench = await openBench();
    const alice = await bench.online('alice', transport);
    await bench.advance(timeoutMs - 1);
    expect(alice.isClosed).toBe(false);
    await bench.advance(1);
    expect(alice.end).toBe('closed');
    expect(alice.received).toEqual([]);
    expect(bench.events.offline).toMatchObject([{ userId: 'alice', kickCode: -1 }]);
    expect(bench.metric('sessionsTimedOut')).toBe(1);
    expect(bench.metric('sessionsOpen')).toBe(0);
  });

  it('closes a UDP session whose login is never decided', async () => {
    const bench = await openBench({
      hookTimeoutMs: 100_000,
      hooks: { authenticate: () => new Promise(() => {}) },
    });
    const peer = bench.connect('udp');
    peer.write(login('alice'));
    await bench.advance(10_000);
    expect(peer.end).toBe('closed');
    expect(bench.metric('sessionsOpen')).toBe(0);
    expect(bench.metric('unprovenAddresses')).toBe(0);
  });

  it.each(times.slice(0, 2))('closes a connection on %s that never logs in', async (transport, timeoutMs) => {
    const bench = await openBench();
    const peer = bench.connect(transport);
    await bench.advance(timeoutMs);
    expect(peer.end).toBe('closed');
    expect(bench.metric('sessionsTimedOut')).toBe(1);
    expect(bench.metric('sessionsOpen')).toBe(0);
  });

  it('is restarted by every packet', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    await bench.advance(19_999);
    alice.write(keepAlive('alice'));
    await bench.advance(19_999);
    alice.write(message('alice', '0', 'hello', 'fp-1'));
    await bench.advance(19_999);
    expect(alice.isClosed).toBe(false);
    await bench.advance(1);
    expect(alice.isClosed).toBe(true);
  });

  it('is set for each transport', async () => {
    const bench = await openBench();
    const tcp = await bench.online('alice', 'tcp');
    const udp = await bench.online('bob', 'udp');
    await bench.advance(10_000);
    expect([tcp.isClosed, udp.isClosed]).toEqual([false, true]);
  });

  it('is not extended by a datagram that is not a packet', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice', 'udp');
    await bench.advance(9_999);
    alice.write('noise');
    await bench.advance(1);
    expect(alice.isClosed).toBe(true);
  });

  it('is not extended by the echoes of a session that never logs in', async () => {
    const bench = await openBench();
    const peer = bench.connect();
    await bench.advance(19_999);
    peer.write('{"type":5,"dataContent":"ping"}');
    await bench.advance(1);
    expect(peer.isClosed).toBe(true);
  });

  it('does not end a session that the server itself has paused', async () => {
    const bench = await openBench({
      hookTimeoutMs: 100_000,
      hooks: { authenticate: () => new Promise(() => {}) },
    });
    const alice = bench.connect();
    alice.write(login('alice'), keepAlive('alice'));
    expect(alice.isPaused).toBe(true);
    await bench.advance(60_000);
    expect(alice.isClosed).toBe(false);
    expect(bench.metric('sessionsTimedOut')).toBe(0);
  });

  it('is restarted when what a paused peer has sent is read', async () => {
    const verdicts: (() => void)[] = [];
    const bench = await openBench({
      hookTimeoutMs: 100_000,
      hooks: {
        authenticate: () => new Promise((resolve) => verdicts.push(() => resolve({ accept: true }))),
      },
    });
    const alice = bench.connect();
    alice.write(login('alice'), keepAlive('alice'));
    await bench.advance(15_000);
    alice.write(keepAlive('alice'));
    await bench.advance(24_999);
    verdicts[0]?.();
    await bench.advance(1);
    expect(alice.received).toMatchObject([{ type: 50 }, { type: 51 }, { type: 51 }]);
    await bench.advance(19_998);
    expect(alice.isClosed).toBe(false);
    await bench.advance(1);
    expect(alice.isClosed).toBe(true);
  });

  it('is the same for a peer whose login is slow', async () => {
    const bench = await openBench({
      hookTimeoutMs: 100_000,
      hooks: { authenticate: () => new Promise(() => {}) },
    });
    const alice = bench.connect();
    alice.write(login('alice'));
    await bench.advance(20_000);
    expect(alice.isClosed).toBe(true);
  });

  it.each(times)('does not end sessions on %s that wrote while the process was paused', async (transport) => {
    const bench = await openBench();
    const alice = await bench.online('alice', transport);
    await bench.advance(3_000);
    bench.clock.pause(25_000);
    // The timer fires first; the keep-alives that the kernel holds are read after it.
    await bench.advance(0);
    alice.write(keepAlive('alice'));
    await bench.advance(5_000);
    expect(alice.isClosed).toBe(false);
    expect(bench.events.paused).toEqual([{ ms: 24_750 }]);
    expect(bench.metric('pauses')).toBe(1);
  });

  it('still ends a session that wrote nothing while the process was paused', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    bench.clock.pause(25_000);
    await bench.advance(20_000 + 250);
    expect(alice.end).toBe('closed');
    expect(bench.metric('sessionsTimedOut')).toBe(1);
  });
});
