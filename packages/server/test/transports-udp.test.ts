import { describe, expect, it } from 'vitest';
import { memoryStore } from '../src/store-memory/memory-store.js';
import { udp } from '../src/transports/udp.js';
import { firstOf, liveServers } from './support/live-server.js';
import { connectUdp, LOOPBACK, quiet, until } from './support/sockets.js';
import { acknowledgement, keepAlive, login, message, plainMessage } from './support/wire.js';

const start = liveServers();
const host = LOOPBACK;

/** Logs in, and does not acknowledge the response, whose fingerprint is returned. */
async function unproven(port: number, userId: string) {
  const alice = await connectUdp(port);
  alice.write(login(userId));
  await until(() => alice.received.length > 0);
  const proof = alice.received.splice(0)[0]?.fp ?? '';
  return { alice, proof };
}

/** Logs in and proves its address, as every known client does. */
async function online(port: number, userId: string) {
  const { alice, proof } = await unproven(port, userId);
  alice.write(acknowledgement(userId, '0', proof));
  return alice;
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

  it('lets nobody use up the limits of an address with forged logins', async () => {
    const { ports, server } = await start([udp({ host, port: 0 })], {
      limits: { maxSessions: 30, maxSessionsPerAddress: 20, maxUnprovenAddresses: 40 },
      trustedProxies: [],
    });
    for (let i = 0; i < 50; i++) await unproven(firstOf(ports), `forged-${i}`);
    const metrics = server.metrics();
    expect(metrics).toMatchObject({ unprovenAddresses: 4, sessionsOpen: 4, limitUnprovenAddresses: 46 });
    expect(metrics).toMatchObject({ limitSessions: 0, limitSessionsPerAddress: 0, usersOnline: 4 });
    const alice = await online(firstOf(ports), 'alice');
    alice.write(keepAlive('alice'));
    await until(() => alice.received.length === 1);
    expect(server.metrics()['unprovenAddresses']).toBe(3);
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

  it('never answers an address without a session with more than three times the bytes it sent', async () => {
    const { ports, server } = await start([udp({ host, port: 0 })]);
    const peer = await connectUdp(firstOf(ports));
    for (let i = 0; i < 30; i++) peer.write(i % 2 === 0 ? '{"type":1}' : keepAlive('alice'));
    await until(() => server.metrics()['notLoggedIn'] === 30);
    await until(() => peer.received.length >= 15);
    await quiet();
    expect(peer.received.map(({ type }) => type)).toEqual(Array.from({ length: 15 }, () => 52));
    expect(peer.receivedBytes).toBeLessThanOrEqual((3 * peer.sentBytes * 9) / 10);
    expect(server.metrics()).toMatchObject({ amplificationPrevented: 15, sessionsAccepted: 0 });
  });

  it('sends messages once a client has acknowledged the login response', async () => {
    const { ports, server } = await start([udp({ host, port: 0 })]);
    const { alice, proof } = await unproven(firstOf(ports), 'alice');
    for (let i = 0; i < 10; i++) {
      server.send('alice', 'x'.repeat(800), { fingerprint: `fp-${i}` }).catch(() => {});
    }
    await quiet();
    expect(alice.received).toEqual([]);
    alice.write(acknowledgement('alice', '0', proof));
    await until(() => alice.received.length === 10);
    expect(alice.received.map(({ fp }) => fp)).toEqual(Array.from({ length: 10 }, (_, i) => `fp-${i}`));
    expect(server.metrics()).toMatchObject({ amplificationPrevented: 0, unprovenAddresses: 0 });
  });

  it('sends small messages at once to a client that acknowledges nothing else, within three times its bytes', async () => {
    const { ports, server } = await start([udp({ host, port: 0 })]);
    const { alice } = await unproven(firstOf(ports), 'alice');
    for (let i = 0; i < 100; i++) {
      const sending = server.send('alice', 'hello', { fingerprint: `fp-${i}` });
      await until(() => alice.received.some(({ fp }) => fp === `fp-${i}`));
      alice.write(acknowledgement('alice', '0', `fp-${i}`));
      expect(await sending).toBe('received');
    }
    expect(alice.receivedBytes).toBeLessThanOrEqual(3 * alice.sentBytes);
    expect(server.metrics()).toMatchObject({ retransmissions: 0, unprovenAddresses: 1 });
  });

  it('takes no acknowledgement of a message for a proof: its fingerprint was chosen by its sender', async () => {
    const { ports, server } = await start([udp({ host, port: 0 })], { store: memoryStore() });
    const bob = await online(firstOf(ports), 'bob');
    for (let i = 0; i < 200; i++) bob.write(message('bob', 'alice', 'x'.repeat(800), `fp-${i}`));
    await until(() => server.metrics()['messagesStored'] === 200);
    const { alice } = await unproven(firstOf(ports), 'alice');
    for (let i = 0; i < 20; i++) {
      alice.write(acknowledgement('alice', 'bob', `fp-${i}`));
      alice.write(keepAlive('alice'));
      await quiet();
    }
    expect(alice.received.filter(({ type }) => type === 51)).toHaveLength(20);
    expect(alice.receivedBytes).toBeLessThanOrEqual(3 * alice.sentBytes);
    expect(server.metrics()['unprovenAddresses']).toBe(1);
  });

  it('asks again with each keep-alive response until the address is proven', async () => {
    const { ports, server } = await start([udp({ host, port: 0 })]);
    const { alice } = await unproven(firstOf(ports), 'alice');
    alice.write(keepAlive('alice'));
    alice.write(keepAlive('alice'));
    await until(() => alice.received.length === 2);
    const [first, second] = alice.received;
    expect(first).toMatchObject({ type: 51, QoS: true, dataContent: '{}', from: '0', to: 'alice' });
    expect(second?.fp).not.toBe(first?.fp);
    alice.write(acknowledgement('alice', '0', first?.fp ?? ''));
    alice.write(keepAlive('alice'));
    await until(() => alice.received.length === 3);
    expect(alice.received.at(-1)).toMatchObject({ type: 51, QoS: false });
    expect(server.metrics()['unknownAcknowledgements']).toBe(0);
  });

  it('asks for a proof again when messages have used up the last one, and withholds the rest', async () => {
    const { ports, server } = await start([udp({ host, port: 0 })]);
    const alice = await online(firstOf(ports), 'alice');
    await until(() => server.metrics()['unprovenAddresses'] === 0);
    for (let i = 0; i < 400; i++) void server.send('alice', 'x'.repeat(900), { qos: false });
    const isChallenge = ({ type }: { type: number }): boolean => type === 51;
    await until(() => alice.received.some(isChallenge));
    await quiet();
    expect(alice.receivedBytes).toBeLessThanOrEqual(256 * 1024 + 3 * alice.sentBytes);
    const before = alice.received.length;
    alice.write(acknowledgement('alice', '0', alice.received.find(isChallenge)?.fp ?? ''));
    await until(() => alice.received.length === before + 32);
    expect(server.metrics()['amplificationPrevented']).toBe(106);
  });

  it('does not accept an acknowledgement of what it never sent', async () => {
    const { ports, server } = await start([udp({ host, port: 0 })]);
    const { alice } = await unproven(firstOf(ports), 'alice');
    for (let i = 0; i < 5; i++) void server.send('alice', 'x'.repeat(800), { qos: false });
    alice.write(acknowledgement('alice', '0', 'a guess'));
    await until(() => server.metrics()['unknownAcknowledgements'] === 1);
    await quiet();
    expect(alice.received).toEqual([]);
  });

  it('logs a client in whose login is too short for a response that asks for a proof', async () => {
    const { ports } = await start([udp({ host, port: 0 })]);
    const alice = await connectUdp(firstOf(ports));
    alice.write('{"type":0,"dataContent":"{\\"loginUserId\\":\\"alice\\"}"}');
    await until(() => alice.received.length === 1);
    expect(alice.received).toMatchObject([{ type: 50, QoS: false }]);
    expect(alice.receivedBytes).toBeLessThanOrEqual(3 * alice.sentBytes);
  });

  it('treats a client that was kicked out as a stranger when it writes again', async () => {
    const { ports, server } = await start([udp({ host, port: 0 })]);
    const alice = await online(firstOf(ports), 'alice');
    server.kick('alice');
    await until(() => alice.received.length === 1);
    expect(server.metrics()['sessionsOpen']).toBe(0);
    alice.write(keepAlive('alice'));
    await until(() => alice.received.length === 2);
    expect(alice.received).toMatchObject([{ type: 54 }, { type: 52, dataContent: '{"errorCode":301}' }]);
    expect(server.metrics()['sessionsOpen']).toBe(0);
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
