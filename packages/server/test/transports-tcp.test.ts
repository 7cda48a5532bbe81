import { VirtualClock } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../src/ports/logger.js';
import { tcp } from '../src/transports/tcp.js';
import { udp } from '../src/transports/udp.js';
import { firstOf, liveServers } from './support/live-server.js';
import { connectTcp, connectUdp, frame, LOOPBACK, quiet, until } from './support/sockets.js';
import { acknowledgement, keepAlive, login, message, plainMessage } from './support/wire.js';

const start = liveServers();
const host = LOOPBACK;

async function online(port: number, userId: string) {
  const peer = await connectTcp(port);
  peer.write(login(userId));
  await until(() => peer.received.length > 0);
  peer.received.length = 0;
  return peer;
}

describe('a server on TCP', () => {
  it('delivers a message and its acknowledgement from one client to the other', async () => {
    const { ports } = await start([tcp({ host, port: 0 })]);
    const alice = await online(firstOf(ports), 'alice');
    const bob = await online(firstOf(ports), 'bob');
    alice.write(message('alice', 'bob', '消息 😀', 'fp-1'));
    await until(() => bob.received.length > 0);
    expect(bob.received).toMatchObject([{ dataContent: '消息 😀', from: 'alice', fp: 'fp-1' }]);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await until(() => alice.received.length > 0);
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1', from: 'bob' }]);
  });

  it('reports a client’s address and port', async () => {
    const { ports, events } = await start([tcp({ host, port: 0 })]);
    const alice = await online(firstOf(ports), 'alice');
    expect(events.online).toMatchObject([
      { session: { transport: 'tcp', remoteAddress: LOOPBACK, remotePort: alice.socket.localPort } },
    ]);
  });

  it('reads frames that arrive byte by byte and many at once', async () => {
    const { ports, server } = await start([tcp({ host, port: 0 })]);
    const peer = await connectTcp(firstOf(ports));
    peer.socket.setNoDelay(true);
    for (const byte of frame(login('alice'))) {
      peer.socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => peer.received.length === 1);
    peer.write(...Array.from({ length: 50 }, () => keepAlive('alice')));
    await until(() => peer.received.length === 51);
    expect(server.metrics()['packetsReceived']).toBe(51);
  });

  it('does not extend the read deadline for an incomplete frame', async () => {
    const clock = new VirtualClock();
    const limits = { loginTimeoutMs: 60_000 };
    const { ports, server } = await start([tcp({ host, port: 0 })], { clock, limits });
    const peer = await connectTcp(firstOf(ports));
    const bytes = frame(login('alice'));
    peer.socket.write(bytes.subarray(0, 10));
    await until(() => server.metrics()['sessionsOpen'] === 1);
    await quiet();
    clock.advance(19_999);
    peer.socket.write(bytes.subarray(10, 11));
    await quiet();
    expect(peer.isClosed).toBe(false);
    clock.advance(1);
    await until(() => peer.isClosed);
    expect(server.metrics()['sessionsTimedOut']).toBe(1);
  });

  it('accepts a body of 6144 bytes, and answers a longer one with error 4 before it closes', async () => {
    const { ports, events } = await start([tcp({ host, port: 0 })]);
    const alice = await online(firstOf(ports), 'alice');
    const padding = 6144 - message('alice', '0', '', 'fp-1').length;
    alice.write(message('alice', '0', 'x'.repeat(padding), 'fp-1'));
    await until(() => alice.received.length > 0);
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    alice.write(message('alice', '0', 'x'.repeat(padding + 1), 'fp-2'));
    await until(() => alice.isClosed);
    expect(alice.received).toMatchObject([{ type: 4 }, { type: 52, to: 'alice' }]);
    expect(JSON.parse(alice.received[1]?.dataContent ?? '')).toMatchObject({ errorCode: 4 });
    expect(events.violation).toMatchObject([{ code: 'ERR_FRAME_TOO_LARGE', userId: 'alice' }]);
  });

  it('answers an empty frame with error 4 before it closes, once', async () => {
    const { ports, events } = await start([tcp({ host, port: 0 })]);
    const peer = await connectTcp(firstOf(ports));
    peer.socket.write(Buffer.alloc(40));
    await until(() => peer.isClosed);
    expect(peer.received).toMatchObject([{ type: 52, to: '-1' }]);
    expect(events.violation).toMatchObject([{ code: 'ERR_EMPTY_FRAME' }]);
  });

  it('answers an HTTP request like any other invalid data', async () => {
    const { ports, events } = await start([tcp({ host, port: 0 })]);
    const peer = await connectTcp(firstOf(ports));
    peer.socket.write('GET / HTTP/1.1\r\n\r\n');
    await until(() => peer.isClosed);
    expect(peer.received).toMatchObject([{ type: 52 }]);
    expect(events.violation).toMatchObject([{ code: 'ERR_FRAME_TOO_LARGE' }]);
  });

  it('carries longer bodies with maxBodyBytes', async () => {
    const { ports } = await start([tcp({ host, port: 0, maxBodyBytes: 100_000 })]);
    const alice = await online(firstOf(ports), 'alice');
    alice.write(plainMessage('alice', 'alice', 'x'.repeat(90_000)));
    await until(() => alice.received.length > 0);
    expect(alice.received[0]?.dataContent).toHaveLength(90_000);
  });

  it('delivers the answer to a rejected login before it closes', async () => {
    const { ports } = await start([tcp({ host, port: 0 })], {
      hooks: { authenticate: () => ({ accept: false, code: 1025 }) },
    });
    const peer = await connectTcp(firstOf(ports));
    peer.write(login('alice'), message('alice', 'bob', 'too early', 'fp-1'));
    await until(() => peer.isClosed);
    expect(peer.received).toMatchObject([{ type: 50, dataContent: '{"code":1025,"firstLoginTime":-1}' }]);
  });

  it('delivers a kick-out before it closes', async () => {
    const { ports, server } = await start([tcp({ host, port: 0 })]);
    const alice = await online(firstOf(ports), 'alice');
    server.kick('alice', { reason: 'maintenance' });
    await until(() => alice.isClosed);
    expect(alice.received).toMatchObject([{ type: 54 }]);
  });

  it('closes a connection beyond its limit', async () => {
    const { ports, server } = await start([tcp({ host, port: 0 })], { limits: { maxSessions: 1 } });
    const first = await connectTcp(firstOf(ports));
    await until(() => server.metrics()['sessionsOpen'] === 1);
    const second = await connectTcp(firstOf(ports));
    await until(() => second.isClosed);
    expect(first.isClosed).toBe(false);
    expect(server.metrics()['sessionsRejected']).toBe(1);
  });

  it('notices that a client has gone', async () => {
    const { ports, events, server } = await start([tcp({ host, port: 0 })]);
    const alice = await online(firstOf(ports), 'alice');
    const bob = await online(firstOf(ports), 'bob');
    alice.socket.end();
    bob.socket.resetAndDestroy();
    await until(() => server.metrics()['sessionsOpen'] === 0);
    expect(events.offline.map(({ userId }) => userId).sort()).toEqual(['alice', 'bob']);
  });

  it('does not listen on a port that is taken, and closes its other transports', async () => {
    const { ports } = await start([tcp({ host, port: 0 })]);
    const free = await start([tcp({ host, port: 0 })]);
    const port = firstOf(free.ports);
    await free.server.close({ drainMs: 0 });
    const failures: object[] = [];
    const logger = { ...silentLogger, error: (fields: object) => failures.push(fields) };
    const failing = start([tcp({ host, port }), tcp({ host, port: firstOf(ports) })], { logger });
    await expect(failing).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(failures).toEqual([]);
    const again = await start([tcp({ host, port })]);
    expect(again.ports).toEqual([port]);
  });

  it('slows a sender down to the speed of its receiver without loss', async () => {
    const { ports, server } = await start([tcp({ host, port: 0 })]);
    const alice = await online(firstOf(ports), 'alice');
    const bob = await online(firstOf(ports), 'bob');
    bob.socket.pause();
    const count = 4000;
    const text = 'x'.repeat(5900);
    for (let i = 0; i < count; i++) alice.write(plainMessage('alice', 'bob', `${i}:${text}`));
    await quiet();
    await quiet();
    expect(alice.socket.writableLength).toBeGreaterThan(0);
    expect(server.metrics()['messagesDelivered']).toBeLessThan(count);
    expect(bob.isClosed).toBe(false);
    bob.socket.resume();
    await until(() => bob.received.length === count);
    expect(bob.received.every(({ dataContent }, index) => dataContent?.startsWith(`${index}:`))).toBe(true);
    expect(server.metrics()['limitBufferedBytes']).toBe(0);
  });
});

describe('two servers in one process', () => {
  it('do not share users, and one continues when the other closes', async () => {
    const one = await start([tcp({ host, port: 0 }), udp({ host, port: 0 })]);
    const two = await start([tcp({ host, port: 0 }), udp({ host, port: 0 })]);
    expect(new Set([...one.ports, ...two.ports]).size).toBeGreaterThanOrEqual(2);
    const alice = await online(firstOf(one.ports), 'alice');
    const other = await online(firstOf(two.ports), 'alice');
    const udpPeer = await connectUdp(two.ports[1] ?? 0);
    udpPeer.write(login('bob'));
    await until(() => udpPeer.received.length > 0);
    expect(one.server.sessions()).toHaveLength(1);
    expect(two.server.sessions()).toHaveLength(2);
    await one.server.close({ drainMs: 0 });
    await until(() => alice.isClosed);
    other.write(keepAlive('alice'));
    await until(() => other.received.length > 0);
    expect(other.received).toMatchObject([{ type: 51 }]);
  });
});
