import { describe, expect, it } from 'vitest';
import { openBench } from './support/bench.js';
import { acknowledgement, keepAlive, login, message, plainMessage } from './support/wire.js';

describe('maxSessions', () => {
  it('rejects a connection beyond it, on any transport, logged in or not', async () => {
    const bench = await openBench({ limits: { maxSessions: 2 } });
    await bench.online('alice');
    const anonymous = bench.connect();
    const third = bench.connect('websocket', '192.0.2.9');
    expect(third.rejection).toBe('sessions');
    expect(bench.events.limited).toEqual([
      { limit: 'maxSessions', value: 2, remoteAddress: '192.0.2.9', userId: undefined },
    ]);
    expect(bench.server.metrics()).toMatchObject({ limitSessions: 1, sessionsRejected: 1, sessionsOpen: 2 });
    anonymous.leave();
    await bench.settle();
    expect(bench.connect().rejection).toBeUndefined();
  });

  it('ignores the logins of further UDP peers', async () => {
    const bench = await openBench({ limits: { maxSessions: 1 } });
    await bench.online('alice');
    const bob = bench.connect('udp');
    bob.write(login('bob'));
    expect(bob.received).toEqual([]);
    expect(bench.server.metrics()).toMatchObject({ limitSessions: 1, sessionsRejected: 1, sessionsOpen: 1 });
  });
});

describe('maxSessionsPerAddress', () => {
  it('rejects a connection beyond it from one address only', async () => {
    const bench = await openBench({ limits: { maxSessionsPerAddress: 2 } });
    const first = bench.connect('tcp', '192.0.2.1');
    bench.connect('websocket', '192.0.2.1');
    expect(bench.connect('tcp', '192.0.2.1').rejection).toBe('sessions-per-address');
    expect(bench.connect('tcp', '192.0.2.2').rejection).toBeUndefined();
    expect(bench.events.limited).toEqual([
      { limit: 'maxSessionsPerAddress', value: 2, remoteAddress: '192.0.2.1', userId: undefined },
    ]);
    expect(bench.server.metrics()).toMatchObject({ limitSessionsPerAddress: 1, sessionsRejected: 1 });
    first.leave();
    await bench.settle();
    expect(bench.connect('tcp', '192.0.2.1').rejection).toBeUndefined();
  });

  it.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])('does not apply to %s', async (address) => {
    const bench = await openBench({ limits: { maxSessionsPerAddress: 1 } });
    bench.connect('tcp', address);
    expect(bench.connect('tcp', address).rejection).toBeUndefined();
  });

  it('applies to all addresses but those of the trusted proxies, which replace loopback', async () => {
    const bench = await openBench({
      limits: { maxSessionsPerAddress: 1 },
      trustedProxies: ['10.0.0.0/24'],
    });
    bench.connect('tcp', '10.0.0.1');
    expect(bench.connect('tcp', '10.0.0.1').rejection).toBeUndefined();
    bench.connect('tcp', '127.0.0.1');
    expect(bench.connect('tcp', '127.0.0.1').rejection).toBe('sessions-per-address');
  });
});

describe('loginsPerSecondPerAddress', () => {
  it('accepts the logins of one second at once and delays further ones', async () => {
    const bench = await openBench({ limits: { loginsPerSecondPerAddress: 2 } });
    const peers = [1, 2, 3, 4].map(() => bench.connect('tcp', '192.0.2.1'));
    for (const [index, peer] of peers.entries()) peer.write(login(`user-${index + 1}`));
    const answered = () => peers.map(({ frames }) => frames.length);
    expect(answered()).toEqual([1, 1, 0, 0]);
    await bench.advance(499);
    expect(answered()).toEqual([1, 1, 0, 0]);
    await bench.advance(1);
    expect(answered()).toEqual([1, 1, 1, 0]);
    await bench.advance(500);
    expect(answered()).toEqual([1, 1, 1, 1]);
    expect(bench.metric('loginsDelayed')).toBe(2);
    expect(bench.events.limited).toEqual(
      ['user-3', 'user-4'].map((userId) => ({
        limit: 'loginsPerSecondPerAddress',
        value: 2,
        remoteAddress: '192.0.2.1',
        userId,
      })),
    );
  });

  it('counts each address separately, and not those that are exempt', async () => {
    const bench = await openBench({ limits: { loginsPerSecondPerAddress: 1 } });
    for (const [index, address] of ['192.0.2.1', '192.0.2.2', '127.0.0.1', '127.0.0.1'].entries()) {
      const peer = bench.connect('tcp', address);
      peer.write(login(`user-${index}`));
      expect(peer.received).toMatchObject([{ type: 50 }]);
    }
  });

  it('counts logins that are rejected', async () => {
    const bench = await openBench({
      limits: { loginsPerSecondPerAddress: 1 },
      hooks: { authenticate: () => ({ accept: false, code: 1025 }) },
    });
    const first = bench.connect();
    first.write(login('alice'));
    const second = bench.connect();
    second.write(login('alice'));
    expect([first.frames.length, second.frames.length]).toEqual([1, 0]);
    await bench.advance(1000);
    expect(second.received).toMatchObject([{ type: 50 }]);
  });

  it('makes packets after a delayed login wait for it', async () => {
    const bench = await openBench({ limits: { loginsPerSecondPerAddress: 1 } });
    await bench.online('alice');
    const bob = bench.connect();
    bob.write(login('bob'), message('bob', '0', 'hello', 'fp-1'));
    expect(bob.isPaused).toBe(true);
    await bench.advance(1000);
    expect(bob.received).toMatchObject([{ type: 50 }, { type: 4, dataContent: 'fp-1' }]);
  });

  it('rejects a login that would have to wait for more than two seconds', async () => {
    const bench = await openBench({ limits: { loginsPerSecondPerAddress: 1 } });
    const peers = [1, 2, 3, 4].map(() => bench.connect());
    for (const [index, peer] of peers.entries()) peer.write(login(`user-${index + 1}`));
    await bench.settle();
    expect(peers.map(({ end }) => end)).toEqual(['open', 'open', 'open', 'closed']);
    expect(peers[3]?.received).toEqual([]);
    expect(bench.server.metrics()).toMatchObject({ loginsDelayed: 2, loginsTurnedAway: 1 });
    expect(bench.events.limited).toHaveLength(3);
    await bench.advance(2000);
    expect(peers.map(({ frames }) => frames.length)).toEqual([1, 1, 1, 0]);
  });

  it('keeps nothing scheduled for a session that ends before its login', async () => {
    const asked: string[] = [];
    const bench = await openBench({
      limits: { loginsPerSecondPerAddress: 1 },
      hooks: {
        authenticate: ({ userId }) => {
          asked.push(userId);
          return { accept: true };
        },
      },
    });
    const alice = await bench.online('alice');
    const bob = bench.connect();
    alice.leave();
    await bench.settle();
    const { pending } = bench.clock;
    bob.write(login('bob'));
    expect(bench.clock.pending).toBe(pending + 1);
    bob.leave();
    await bench.settle();
    expect(bench.clock.pending).toBe(pending);
    await bench.advance(5000);
    expect(asked).toEqual(['alice']);
  });
});

describe('packetsPerSecond', () => {
  it('pauses a stream that sends faster, after a burst of two seconds, and loses nothing', async () => {
    const bench = await openBench({ limits: { packetsPerSecond: 10 } });
    const alice = await bench.online('alice');
    for (let i = 0; i < 19; i++) alice.write(keepAlive('alice'));
    expect(alice.isPaused).toBe(false);
    alice.write(keepAlive('alice'));
    expect(alice.isPaused).toBe(true);
    alice.write(keepAlive('alice'));
    expect(alice.frames).toHaveLength(20);
    await bench.advance(99);
    expect(alice.isPaused).toBe(true);
    await bench.advance(1);
    expect(alice.frames).toHaveLength(21);
    expect(bench.metric('limitPackets')).toBeGreaterThan(0);
    expect(bench.events.limited[0]).toEqual({
      limit: 'packetsPerSecond',
      value: 10,
      remoteAddress: '192.0.2.1',
      userId: 'alice',
    });
  });

  it('is not reached by a peer that sends at exactly that rate', async () => {
    const bench = await openBench({ limits: { packetsPerSecond: 10 } });
    const alice = await bench.online('alice');
    for (let i = 0; i < 100; i++) {
      await bench.advance(100);
      alice.write(keepAlive('alice'));
    }
    expect(bench.metric('limitPackets')).toBe(0);
  });

  it('drops packets above the rate on UDP', async () => {
    const bench = await openBench({ limits: { packetsPerSecond: 10 } });
    const alice = await bench.online('alice', 'udp');
    for (let i = 0; i < 30; i++) alice.write(keepAlive('alice'));
    expect(alice.frames).toHaveLength(19);
    expect(bench.metric('limitPackets')).toBe(11);
    expect(bench.events.limited).toHaveLength(11);
  });

  it('applies before the login too', async () => {
    const bench = await openBench({ limits: { packetsPerSecond: 1 } });
    const peer = bench.connect();
    for (let i = 0; i < 5; i++) peer.write('{"type":5}');
    expect(peer.isPaused).toBe(true);
    expect(bench.events.limited[0]).toMatchObject({ limit: 'packetsPerSecond', userId: undefined });
  });

  it('keeps nothing scheduled for a session that has ended', async () => {
    const bench = await openBench({ limits: { packetsPerSecond: 1 } });
    const { pending } = bench.clock;
    const peer = bench.connect();
    for (let i = 0; i < 5; i++) peer.write('{"type":5}');
    expect(peer.isPaused).toBe(true);
    peer.leave();
    await bench.settle();
    expect(bench.clock.pending).toBeLessThanOrEqual(pending + 1);
    await bench.advance(20_000);
    expect(bench.clock.pending).toBe(pending);
  });
});

describe('maxUnacknowledged', () => {
  it('drops a message of a sender with that many unacknowledged messages', async () => {
    const bench = await openBench({ limits: { maxUnacknowledged: 2 } });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    for (let i = 1; i <= 3; i++) alice.write(message('alice', 'bob', 'hello', `fp-${i}`));
    alice.write(plainMessage('alice', 'bob', 'plain'));
    expect(bob.received.map(({ fp }) => fp)).toEqual(['fp-1', 'fp-2', undefined]);
    expect(alice.received).toEqual([]);
    expect(bench.metric('limitUnacknowledged')).toBe(1);
    expect(bench.events.limited).toEqual([
      { limit: 'maxUnacknowledged', value: 2, remoteAddress: '192.0.2.1', userId: 'alice' },
    ]);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    alice.write(message('alice', 'bob', 'hello', 'fp-3'));
    expect(bob.received.at(-1)).toMatchObject({ fp: 'fp-3' });
  });

  it('counts each sender separately', async () => {
    const bench = await openBench({ limits: { maxUnacknowledged: 1 } });
    const alice = await bench.online('alice');
    const carol = await bench.online('carol');
    const bob = await bench.online('bob');
    alice.write(message('alice', 'bob', 'hello', 'fp-1'));
    carol.write(message('carol', 'bob', 'hello', 'fp-1'));
    expect(bob.received).toHaveLength(2);
  });

  it('counts messages that a hook has not finished', async () => {
    const bench = await openBench({
      limits: { maxUnacknowledged: 1 },
      hooks: { onServerMessage: () => new Promise(() => {}) },
    });
    const alice = await bench.online('alice');
    alice.write(message('alice', '0', 'one', 'fp-1'), message('alice', '0', 'two', 'fp-2'));
    expect(bench.metric('messagesToServer')).toBe(1);
    expect(bench.metric('limitUnacknowledged')).toBe(1);
  });
});

describe('the fingerprints that are remembered', () => {
  it('are 10 000 of a sender; beyond it the oldest are forgotten, which is reported', async () => {
    const bench = await openBench();
    const alice = await bench.online('alice');
    const send = (n: number) => alice.write(message('alice', '0', 'hello', `fp-${n}`));
    for (let i = 1; i <= 10_000; i++) send(i);
    expect(bench.events.limited).toEqual([]);
    send(1);
    expect(bench.metric('messagesDuplicate')).toBe(1);
    send(10_001);
    expect(bench.events.limited).toEqual([
      { limit: 'rememberedFingerprints', value: 10_000, remoteAddress: '192.0.2.1', userId: 'alice' },
    ]);
    expect(bench.metric('limitRemembered')).toBe(1);
    send(10_001);
    send(10_000);
    expect(bench.metric('messagesDuplicate')).toBe(3);
    send(1);
    expect(bench.metric('messagesToServer')).toBe(10_002);
  });

  it('are forgotten after 10 minutes, which is no limit', async () => {
    const bench = await openBench();
    for (let i = 1; i <= 20; i++) {
      const alice = await bench.online('alice');
      alice.write(message('alice', '0', 'hello', `fp-${i}`));
      await bench.advance(599_000);
    }
    expect(bench.metric('limitRemembered')).toBe(0);
  });
});

describe('packets that wait for a hook', () => {
  const allowed: (() => void)[] = [];
  const hooks = {
    authorizeMessage: () => new Promise<boolean>((resolve) => allowed.push(() => resolve(true))),
  };
  const answerAll = async (settle: () => Promise<void>): Promise<void> => {
    for (let next = allowed.shift(); next !== undefined; next = allowed.shift()) {
      next();
      await settle();
    }
  };

  it('are at most 64 on UDP, without the one that is asked about; further ones are dropped', async () => {
    const bench = await openBench({ hooks });
    const alice = await bench.online('alice', 'udp');
    const bob = await bench.online('bob');
    for (let i = 1; i <= 67; i++) alice.write(message('alice', 'bob', 'hello', `fp-${i}`));
    expect(bench.metric('limitDeferredPackets')).toBe(2);
    expect(bench.events.limited).toEqual(
      [1, 2].map(() => ({
        limit: 'deferredPackets',
        value: 64,
        remoteAddress: '192.0.2.1',
        userId: 'alice',
      })),
    );
    await answerAll(() => bench.settle());
    expect(bob.received.map(({ fp }) => fp)).toEqual(Array.from({ length: 65 }, (_, at) => `fp-${at + 1}`));
  });

  it('are not dropped on a stream, which is paused', async () => {
    const bench = await openBench({ hooks });
    const alice = await bench.online('alice');
    const bob = await bench.online('bob');
    for (let i = 1; i <= 70; i++) alice.write(message('alice', 'bob', 'hello', `fp-${i}`));
    expect(alice.isPaused).toBe(true);
    await answerAll(() => bench.settle());
    expect(bob.received.map(({ fp }) => fp)).toEqual(Array.from({ length: 70 }, (_, at) => `fp-${at + 1}`));
    expect(bench.metric('limitDeferredPackets')).toBe(0);
  });
});
