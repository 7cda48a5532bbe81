import { describe, expect, it } from 'vitest';
import { memoryStore } from '../src/store-memory/memory-store.js';
import { udp } from '../src/transports/udp.js';
import { firstOf, liveServers } from './support/live-server.js';
import { connectUdp, LOOPBACK, quiet, until } from './support/sockets.js';
import { acknowledgement, keepAlive, login, message, plainMessage } from './support/wire.js';

const start = liveServers();
const host = LOOPBACK;

async function online(port: number, userId: string) {
  const peer = await connectUdp(port);
  peer.write(login(userId));
  await until(() => peer.received.length > 0);
  peer.received.length = 0;
  return peer;
}

describe('a server on UDP', () => {
  it('delivers a message and its acknowledgement from one client to the other', async () => {
    const { ports } = await start([udp({ host, port: 0 })]);
    const alice = await online(firstOf(ports), 'alice');
    const bob = await online(firstOf(ports), 'bob');
    alice.write(message('alice', 'bob', '消息 😀', 'fp-1'));
    await until(() => bob.received.length > 0);
    bob.write(acknowledgement('bob', 'alice', 'fp-1'));
    await until(() => alice.received.length > 0);
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1', from: 'bob' }]);
  });

  it('treats each address and port as a client', async () => {
    const { ports, server, events } = await start([udp({ host, port: 0 })]);
    const alice = await online(firstOf(ports), 'alice');
    const bob = await online(firstOf(ports), 'bob');
    expect(server.metrics()['sessionsOpen']).toBe(2);
    expect(events.online.map(({ session }) => session.remotePort)).toEqual([
      alice.socket.address().port,
      bob.socket.address().port,
    ]);
  });

  it('reads a datagram of 2048 bytes, and drops and counts a longer one', async () => {
    const { ports, server } = await start([udp({ host, port: 0 })]);
    const alice = await online(firstOf(ports), 'alice');
    const padding = 2048 - message('alice', '0', '', 'fp-1').length;
    alice.write(message('alice', '0', 'x'.repeat(padding + 1), 'fp-2'));
    alice.write(message('alice', '0', 'x'.repeat(padding), 'fp-1'));
    await until(() => alice.received.length > 0);
    expect(alice.received).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    expect(server.metrics()).toMatchObject({ datagramsTooLarge: 1, messagesToServer: 1, violations: 0 });
  });

  it('does not start a session for a datagram that is too long', async () => {
    const { ports, server } = await start([udp({ host, port: 0 })]);
    const peer = await connectUdp(firstOf(ports));
    peer.write('x'.repeat(2049));
    await until(() => server.metrics()['datagramsTooLarge'] === 1);
    expect(server.metrics()['sessionsAccepted']).toBe(0);
  });

  it('reads and sends up to maxReceiveBytes and maxSendBytes', async () => {
    const { ports, server } = await start([
      udp({ host, port: 0, maxReceiveBytes: 4000, maxSendBytes: 3000 }),
    ]);
    const alice = await online(firstOf(ports), 'alice');
    alice.write(plainMessage('alice', 'alice', 'x'.repeat(2800)));
    await until(() => alice.received.length > 0);
    expect(alice.received[0]?.dataContent).toHaveLength(2800);
    alice.write(plainMessage('alice', 'alice', 'x'.repeat(3500)));
    await until(() => server.metrics()['messagesTooLarge'] === 1);
  });

  it('never answers an unverified address with more than three times the bytes it sent', async () => {
    const { ports, server } = await start([udp({ host, port: 0 })]);
    const peer = await connectUdp(firstOf(ports));
    for (let i = 0; i < 30; i++) {
      peer.write('{"type":1}');
      await quiet();
      expect(peer.receivedBytes).toBeLessThanOrEqual(3 * peer.sentBytes);
    }
    expect(peer.received.length).toBeGreaterThan(0);
    expect(peer.received.every(({ type }) => type === 52)).toBe(true);
    expect(server.metrics()['amplificationPrevented']).toBe(30 - peer.received.length);
  });

  it('sends without a limit once a client has acknowledged a message', async () => {
    const { ports, server } = await start([udp({ host, port: 0 })]);
    const alice = await online(firstOf(ports), 'alice');
    for (let i = 0; i < 10; i++) {
      server.send('alice', 'x'.repeat(800), { fingerprint: `fp-${i}` }).catch(() => {});
    }
    await until(() => alice.received.length > 0);
    await quiet();
    expect(alice.received.map(({ fp }) => fp)).toEqual(['fp-0']);
    alice.write(acknowledgement('alice', '0', 'fp-0'));
    await until(() => alice.received.length === 10);
    expect(alice.received.map(({ fp }) => fp)).toEqual(Array.from({ length: 10 }, (_, i) => `fp-${i}`));
    expect(server.metrics()['amplificationPrevented']).toBe(0);
  });

  it('sends an address that never acknowledges little more than three times what it sent', async () => {
    const { ports, server } = await start([udp({ host, port: 0 })], { store: memoryStore() });
    const bob = await online(firstOf(ports), 'bob');
    for (let i = 0; i < 200; i++) bob.write(message('bob', 'alice', 'x'.repeat(800), `fp-${i}`));
    await until(() => server.metrics()['messagesStored'] === 200);
    const alice = await connectUdp(firstOf(ports));
    alice.write(login('alice'));
    for (let i = 0; i < 20; i++) {
      alice.write(keepAlive('alice'));
      await quiet();
    }
    expect(alice.received.filter(({ type }) => type === 51)).toHaveLength(20);
    expect(alice.receivedBytes).toBeLessThanOrEqual(3 * alice.sentBytes + 1024);
  });

  it('asks a client for an acknowledgement if nothing in flight would verify its address', async () => {
    const { ports, server } = await start([udp({ host, port: 0 })]);
    const alice = await online(firstOf(ports), 'alice');
    for (let i = 0; i < 10; i++) void server.send('alice', 'x'.repeat(800), { qos: false });
    alice.write(keepAlive('alice'));
    await until(() => alice.received.some(({ type }) => type === 51));
    const question = alice.received.find(({ type }) => type === 51);
    expect(question).toMatchObject({ QoS: true, dataContent: '{}', from: '0', to: 'alice' });
    alice.write(acknowledgement('alice', '0', question?.fp ?? ''));
    await until(() => alice.received.length === 11);
    alice.write(keepAlive('alice'));
    await until(() => alice.received.length === 12);
    expect(alice.received.at(-1)).toMatchObject({ type: 51, QoS: false });
    expect(server.metrics()['unknownAcknowledgements']).toBe(0);
  });

  it('does not accept an acknowledgement of what it never sent', async () => {
    const { ports, server } = await start([udp({ host, port: 0 })]);
    const alice = await online(firstOf(ports), 'alice');
    for (let i = 0; i < 5; i++) void server.send('alice', 'x'.repeat(800), { qos: false });
    await until(() => alice.received.length === 1);
    alice.write(acknowledgement('alice', '0', 'a guess'));
    await until(() => server.metrics()['unknownAcknowledgements'] === 1);
    await quiet();
    expect(alice.received).toHaveLength(1);
  });

  it('treats a client that was kicked out as unverified when it writes again', async () => {
    const { ports, server } = await start([udp({ host, port: 0 })]);
    const alice = await online(firstOf(ports), 'alice');
    server.kick('alice');
    await until(() => alice.received.length === 1);
    expect(server.metrics()['sessionsOpen']).toBe(0);
    alice.write(keepAlive('alice'));
    await until(() => alice.received.length === 2);
    expect(alice.received).toMatchObject([{ type: 54 }, { type: 52, dataContent: '{"errorCode":301}' }]);
    expect(server.metrics()['sessionsOpen']).toBe(1);
  });

  it('does not answer an address beyond its limit', async () => {
    const { ports, server } = await start([udp({ host, port: 0 })], { limits: { maxSessions: 1 } });
    await online(firstOf(ports), 'alice');
    const peer = await connectUdp(firstOf(ports));
    peer.write(login('bob'));
    await until(() => server.metrics()['sessionsRejected'] === 1);
    await quiet();
    expect(peer.received).toEqual([]);
  });

  it('does not listen on a port that is in use', async () => {
    const { ports } = await start([udp({ host, port: 0 })]);
    await expect(start([udp({ host, port: firstOf(ports) })])).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
